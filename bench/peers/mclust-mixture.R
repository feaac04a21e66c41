# One EM iteration of mclust (its E- and M-step are Fortran). Arguments: data folder, name of the model (VVI or VVV), N, D, K.
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE))), "serve.R"))
suppressMessages(library(mclust))
folder <- arguments[1]; kind <- arguments[2]
n <- as.integer(arguments[3]); d <- as.integer(arguments[4]); k <- as.integer(arguments[5])
x <- matrix(numbers(folder, "x.f64", n * d), n, d, byrow = TRUE)
start <- numbers(folder, "start-numbers.f64", k + k * d + k * d * d)
mean <- matrix(start[k + 1:(k * d)], d, k)
spread <- start[-(1:(k + k * d))]
sigma <- array(0, c(d, d, k))
for (j in 1:k) {
  sigma[, , j] <- if (kind == "VVI") diag(spread[(j - 1) * d + 1:d]^2, d) else spread[(j - 1) * d * d + 1:(d * d)]
}
variance <- list(modelName = kind, d = d, G = k, sigma = sigma)
if (kind == "VVI") {
  squares <- matrix(spread[1:(k * d)]^2, d, k)
  variance$scale <- exp(colMeans(log(squares)))
  variance$shape <- sweep(squares, 2, variance$scale, "/")
} else {
  variance$cholsigma <- array(apply(sigma, 3, chol), c(d, d, k))
}
e <- estep(data = x, modelName = kind, parameters = list(pro = start[1:k], mean = mean, variance = variance))
ready(e$loglik, "mclust")
serve(function(count) {
  seconds <- c(); used <- c()
  for (i in seq_len(count)) {
    t0 <- proc.time()
    m <- mstep(data = x, modelName = kind, z = e$z)
    e <<- estep(data = x, modelName = kind, parameters = m$parameters)
    t1 <- proc.time() - t0
    seconds <- c(seconds, t1[["elapsed"]]); used <- c(used, processor(t1))
  }
  answer(seconds, used, e$loglik)
})
