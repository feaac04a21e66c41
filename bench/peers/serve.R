# What every peer in R does: raw numbers from the data folder, and one line of JSON an answer (see serve.py).
numbers <- function(folder, name, count, what = "double") {
  readBin(file.path(folder, name), what, count, size = if (what == "double") 8 else 4, endian = "little")
}
say <- function(...) { cat(..., "\n", sep = ""); flush(stdout()) }
listed <- function(v) paste0("[", paste(sprintf("%.9f", v), collapse = ", "), "]")
ready <- function(objective, package) {
  say('{"ready": true, "objective": ', sprintf("%.17g", objective), ', "versions": {"', package, '": "', as.character(packageVersion(package)), '", "R": "', as.character(getRversion()), '"}}')
}
answer <- function(seconds, processor, objective) {
  say('{"seconds": ', listed(seconds), ', "processor": ', listed(processor), ', "objective": ', sprintf("%.17g", objective), "}")
}
processor <- function(t) t[["user.self"]] + t[["sys.self"]]
# `turn(n)` runs n iterations and answers.
serve <- function(turn) {
  input <- file("stdin")
  open(input)
  while (length(line <- readLines(input, 1)) > 0) turn(as.integer(line))
}
arguments <- commandArgs(TRUE)
