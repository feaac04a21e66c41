# Seeds from which mixtools and flexmix reach the reference of A22; called by seed_share.py with the data file.
suppressMessages({ library(mixtools); library(flexmix) })
d <- read.csv(commandArgs(TRUE)[1])
reference <- -66.9397677928408
log_likelihood <- function(w, beta, sigma) {
  sum(log(rowSums(sapply(seq_along(w), function(k) w[k] * dnorm(d$co2, beta[1, k] + beta[2, k] * d$gnp, sigma[k])))))
}
report <- function(name, fit) {
  ends <- t(sapply(0:49, function(seed) { set.seed(seed); tryCatch(fit(), error = function(e) c(NA, NA)) }))
  value <- ends[, 1]
  degenerate <- is.na(value) | ends[, 2] < 1e-2 * sd(d$co2)
  cat(paste(c(name, reference, nrow(ends), sum(abs(value - reference) < 1e-3, na.rm = TRUE), sum(degenerate),
    sum(value > reference + 1e-3, na.rm = TRUE), unique(round(value[!is.na(value)], 3))), collapse = "|"), "\n", sep = "")
}
report(paste("R mixtools", packageVersion("mixtools"), "regmixEM(co2, gnp, k = 2, epsilon = 1e-11), set.seed(seed)"), function() {
  capture.output(f <- suppressWarnings(regmixEM(d$co2, d$gnp, k = 2, epsilon = 1e-11, maxit = 20000)))
  c(f$loglik, min(f$sigma))
})
# flexmix divides by the degrees of freedom in its sigma; its end is moved to the maximum by EM without that correction.
report(paste("R flexmix", packageVersion("flexmix"), "flexmix(co2 ~ gnp, k = 2), then EM with maximum-likelihood sigmas, set.seed(seed)"), function() {
  f <- flexmix(co2 ~ gnp, data = d, k = 2, control = list(iter.max = 2000, tolerance = 1e-12, minprior = 0))
  r <- posterior(f)
  x <- cbind(1, d$gnp)
  for (i in 1:5000) {
    w <- colMeans(r)
    beta <- sapply(1:2, function(k) solve(t(x) %*% (r[, k] * x), t(x) %*% (r[, k] * d$co2)))
    sigma <- sapply(1:2, function(k) sqrt(sum(r[, k] * (d$co2 - x %*% beta[, k])^2) / sum(r[, k])))
    joint <- sapply(1:2, function(k) w[k] * dnorm(d$co2, x %*% beta[, k], sigma[k]))
    r <- joint / rowSums(joint)
  }
  c(log_likelihood(w, beta, sigma), min(sigma))
})
