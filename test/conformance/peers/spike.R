# Spike and slab: OpenMx mixtures with the known error of each row as a definition variable. Usage: Rscript spike.R [starts]
suppressMessages(library(OpenMx))
invisible(mxOption(NULL, "Number of Threads", 1))
here <- sub("--file=", "", grep("--file=", commandArgs(), value = TRUE))
d <- read.csv(file.path(dirname(here), "../../../examples/spike-and-slab/effects.csv"))
starts <- as.integer(c(commandArgs(TRUE), 10)[1])
part <- function(name, mean, free, sd, wide) mxModel(name,
  mxMatrix("Full", 1, 1, free, mean, name = "mu"), mxMatrix("Full", 1, 1, wide, sd, lbound = 0, name = "tau"),
  mxMatrix("Full", 1, 1, FALSE, labels = "data.se", name = "se"), mxAlgebra(tau^2 + se^2, name = "C"),
  mxExpectationNormal("C", "mu", dimnames = "y"), mxFitFunctionML(vector = TRUE))
best <- function(name, make) {
  fits <- lapply(1:starts, function(seed) { set.seed(seed); capture.output(f <- suppressWarnings(suppressMessages(mxTryHard(make(), silent = TRUE, extraTries = 5)))); f })
  ll <- sapply(fits, function(f) -f$output$fit / 2)
  f <- fits[[which.max(ll)]]
  w <- as.vector(f$w$values)
  cat("\n==", name, "logLik", format(max(ll), digits = 15), "reached by", sum(ll > max(ll) - 1e-4), "of", starts, "\nw", format(w / sum(w), digits = 10),
    "mu", format(c(f$a$mu$values, f$b$mu$values), digits = 10), "tau", format(c(f$a$tau$values, f$b$tau$values), digits = 10), "\n")
  print(sort(round(ll, 4), decreasing = TRUE))
}
mixture <- function(a, b) mxModel("m", mxData(d, "raw"), a, b,
  mxMatrix("Full", 2, 1, c(FALSE, TRUE), c(1, runif(1, 0.1, 2)), lbound = 1e-4, name = "w"),
  mxExpectationMixture(c("a", "b"), weights = "w", scale = "sum"), mxFitFunctionML())
best("spike", function() mixture(part("a", 0, FALSE, 0, FALSE), part("b", 0, FALSE, runif(1, 0.5, 4), TRUE)))
best("two slabs", function() mixture(part("a", rnorm(1, 0, 0.2), TRUE, runif(1, 0.1, 0.5), TRUE), part("b", rnorm(1, 0, 1), TRUE, runif(1, 1, 4), TRUE)))
cat("OpenMx", as.character(packageVersion("OpenMx")), R.version.string, "\n")
