# One EM iteration of flexmix on a mixture of linear regressions: the difference between fits of more and of fewer iterations,
# since its loop cannot be entered from outside. It begins from the posterior at the start values; its variances are divided by
# degrees of freedom, so that its objective differs in late digits. Arguments: data folder, N, P, K.
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE))), "serve.R"))
suppressMessages(library(flexmix))
folder <- arguments[1]
n <- as.integer(arguments[2]); p <- as.integer(arguments[3]); k <- as.integer(arguments[4])
x <- matrix(numbers(folder, "x.f64", n * p), n, p, byrow = TRUE)
y <- numbers(folder, "y.f64", n)
start <- numbers(folder, "start-numbers.f64", k + k * p + k)
mean <- x %*% matrix(start[k + 1:(k * p)], p, k)
log_density <- sapply(1:k, function(j) log(start[j]) + dnorm(y, mean[, j], start[k + k * p + j], log = TRUE))
top <- do.call(pmax, as.data.frame(log_density))
posterior <- exp(log_density - top)
total <- rowSums(posterior)
objective <- sum(top + log(total))
posterior <- posterior / total
rm(mean, log_density, top, total)
fit <- function(iterations) {
  seconds <- system.time(m <- suppressWarnings(flexmix(y ~ x - 1, k = k, cluster = posterior, model = FLXMRglm(),
    control = list(tolerance = 0, iter.max = iterations, minprior = 0))))
  list(seconds = seconds[["elapsed"]], processor = processor(seconds), objective = as.numeric(logLik(m)))
}
ready(objective, "flexmix")
serve(function(count) {
  base <- fit(1)
  more <- fit(count)
  each <- function(what) (more[[what]] - base[[what]]) / (count - 1)
  answer(rep(each("seconds"), count), rep(each("processor"), count), more$objective)
})
