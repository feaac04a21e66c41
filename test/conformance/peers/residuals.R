# Residuals by base R and MASS at the maximum of the likelihood: Pearson's of glm and glm.nb, quantile residuals and places in
# their distributions of mixtures, Brier scores. Rscript residuals.R > residuals.json
suppressMessages(library(MASS))
here <- sub("--file=", "", grep("--file=", commandArgs(), value = TRUE))
data_of <- function(f) read.csv(file.path(dirname(here), "../data", f))
show <- function(x) if (length(x) == 1) sprintf("%.10g", x) else paste0("[", paste(sprintf("%.10g", x), collapse = ", "), "]")
entry <- function(name, ...) {
  parts <- list(...)
  fields <- mapply(function(k, v) sprintf('"%s": %s', k, show(v)), names(parts), parts)
  sprintf('  "%s": {\n    %s\n  }', name, paste(fields, collapse = ",\n    "))
}
# shares of tenths of (0, 1), each integer spread evenly over its interval: Czado, Gneiting, Held (2009)
tenths <- function(low, high) sapply(1:10, function(b) mean(punif(b / 10, low, high) - punif((b - 1) / 10, low, high)))

b <- data_of("biochemists.csv")
some <- 1:40  # of 915 rows: their own figures; all others count in the sums
tight <- glm.control(epsilon = 1e-14, maxit = 200)
counts <- glm(art ~ fem + ment, poisson(), b, control = tight)
mean_of <- fitted(counts)
poisson_part <- entry("poisson", beta = coef(counts), pearson = residuals(counts, "pearson")[some],
                 below = ppois(b$art - 1, mean_of)[some], above = ppois(b$art, mean_of)[some],
                 tenths = tenths(ppois(b$art - 1, mean_of), ppois(b$art, mean_of)))

labels <- glm(fem ~ ment, binomial(), b, control = tight)
p <- fitted(labels)
logistic <- entry("logistic", beta = coef(labels), probability = ifelse(b$fem == 1, p, 1 - p)[some],
                  brier = mean((b$fem - p)^2 + (1 - b$fem - (1 - p))^2), expected = c(sum(1 - p), sum(p)))

days <- data_of("quine_days.csv")$days
nb <- glm.nb(days ~ 1, control = glm.control(epsilon = 1e-14, maxit = 500))
m <- unname(fitted(nb)[1])
size <- optimize(function(s) sum(dnbinom(days, s, mu = m, log = TRUE)), c(0.1, 10), maximum = TRUE, tol = 1e-12)$maximum
negative <- entry("negativeBinomial", size = size, mean = m, pearson = (days - m) / sqrt(m + m^2 / size),
                  below = pnbinom(days - 1, size, mu = m), above = pnbinom(days, size, mu = m))

y <- data_of("earthquakes.csv")$count
w <- c(0.5, 0.5); rate <- c(15, 27)
for (i in 1:20000) {
  r <- sapply(1:2, function(k) w[k] * dpois(y, rate[k])); r <- r / rowSums(r)
  w <- colMeans(r); rate <- colSums(r * y) / colSums(r)
}
mix <- function(q) w[1] * ppois(q, rate[1]) + w[2] * ppois(q, rate[2])
mean_mix <- sum(w * rate); var_mix <- mean_mix + sum(w * rate^2) - mean_mix^2
mixture <- entry("poissonMixture", w = w, rate = rate, pearson = (y - mean_mix) / sqrt(var_mix), below = mix(y - 1),
                 above = mix(y), tenths = tenths(mix(y - 1), mix(y)))

d <- data_of("npreg.csv"); X <- cbind(1, d$x, d$x^2)
w2 <- c(0.5, 0.5); s <- c(3, 3); B <- cbind(c(0, 5, 0), c(15, 10, -1))
for (i in 1:5000) {
  f <- X %*% B
  r <- sapply(1:2, function(k) w2[k] * dnorm(d$yn, f[, k], s[k])); r <- r / rowSums(r)
  w2 <- colMeans(r)
  for (k in 1:2) {
    B[, k] <- lm.wfit(X, d$yn, r[, k])$coefficients
    s[k] <- sqrt(sum(r[, k] * (d$yn - X %*% B[, k])^2) / sum(r[, k]))
  }
}
f <- X %*% B
pit <- w2[1] * pnorm(d$yn, f[, 1], s[1]) + w2[2] * pnorm(d$yn, f[, 2], s[2])
mean_reg <- as.vector(f %*% w2); var_reg <- as.vector(f^2 %*% w2) + sum(w2 * s^2) - mean_reg^2
regressions <- entry("regressions", w = w2, b1 = B[, 1], b2 = B[, 2], sigma = s, pit = pit, quantile = qnorm(pit),
                     residual = (d$yn - mean_reg) / sqrt(var_reg), distance = unname(ks.test(pit, "punif")$statistic))
cat(sprintf('{\n  "R": "%s",\n  "MASS": "%s",\n%s\n}\n', getRversion(), packageVersion("MASS"),
            paste(c(poisson_part, logistic, negative, mixture, regressions), collapse = ",\n")))
