# Standard errors by programs of R, for standard-errors.test.ts. Written to stdout as JSON:
#
#   apt-get install r-base-core r-cran-numderiv r-cran-nlme r-cran-mass r-cran-lavaan
#   Rscript test/conformance/standard-errors/references.R > test/conformance/standard-errors/references.json
#
# `direct`: the square roots of the diagonal of the inverse Hessian of minus the marginal log-likelihood, written out here
# without any latent-variable algorithm, by numDeriv (Richardson's extrapolation) at its maximum. `package`: what a package's
# vcov says of the same model.
suppressPackageStartupMessages({ library(numDeriv); library(nlme); library(MASS); library(lavaan) })
here <- sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE))
data_dir <- file.path(dirname(here), "..", "data")
read <- function(name) read.csv(file.path(data_dir, name))

# The maximum near a start (Newton's method on numDeriv's derivatives, after BFGS where the start is rough), and standard
# errors there.
direct <- function(f, start, rough = FALSE) {
  x <- start
  if (rough) x <- optim(x, function(p) -f(p), method = "BFGS", control = list(maxit = 5000, reltol = 1e-15))$par
  bend <- function(x) hessian(f, x, method.args = list(d = 0.02, eps = 1e-3)) # steps that stay within the supports
  for (i in 1:5) x <- x - solve(bend(x), grad(f, x, method.args = list(d = 0.01)))
  list(estimate = x, se = sqrt(diag(solve(-bend(x)))))
}
json <- function(x) if (is.list(x)) {
  paste0("{", paste0('"', names(x), '": ', vapply(x, json, ""), collapse = ", "), "}")
} else if (length(x) > 1) {
  paste0("[", paste(vapply(x, json, ""), collapse = ", "), "]")
} else if (is.character(x)) paste0('"', x, '"') else if (is.na(x)) "null" else format(x, digits = 12)
cases <- list()
add <- function(id, names, found, package = NULL, by = NULL) {
  cases[[id]] <<- list(names = names, estimate = unname(found$estimate), direct = unname(found$se))
  if (!is.null(package)) cases[[id]]$package <<- unname(package)
  if (!is.null(by)) cases[[id]]$by <<- by
}

# A15: two latent classes, five items
lsat <- as.matrix(read("lsat6.csv"))
f15 <- function(p) {
  w <- p[1]; a <- p[2:6]; b <- p[7:11]
  la <- lsat %*% log(a) + (1 - lsat) %*% log(1 - a)
  lb <- lsat %*% log(b) + (1 - lsat) %*% log(1 - b)
  sum(log(w * exp(la) + (1 - w) * exp(lb)))
}
logit15 <- direct(function(q) f15(plogis(q)), qlogis(c(.34, .85, .52, .29, .6, .77, .96, .81, .69, .85, .92)), TRUE)
add("A15-lsat6-lca-k2", c("w[1]", paste0("theta[1, ", 1:5, "]"), paste0("theta[2, ", 1:5, "]")),
  direct(f15, plogis(logit15$estimate)))

# A20: a mixture of two quadratic regressions
npreg <- read("npreg.csv")
X <- cbind(1, npreg$x, npreg$x^2)
f20 <- function(p) {
  sum(log(p[1] * dnorm(npreg$yn, X %*% p[2:4], exp(p[8])) + (1 - p[1]) * dnorm(npreg$yn, X %*% p[5:7], exp(p[9]))))
}
rough <- direct(function(q) f20(c(plogis(q[1]), q[-1])), c(0, 14.7, 9.8, -.97, -.2, 4.8, .04, log(3.4), log(3.4)), TRUE)
p20 <- c(plogis(rough$estimate[1]), rough$estimate[2:7], exp(rough$estimate[8:9]))
add("A20-npreg-mixreg", c("w[1]", paste0("b[1, ", 1:3, "]"), paste0("b[2, ", 1:3, "]"), "sigma[1]", "sigma[2]"),
  direct(function(p) f20(c(p[1:7], log(p[8:9]))), p20))

# A27: a Poisson hidden Markov chain that begins in state 1, where the estimate of its beginning lies
quakes <- read("earthquakes.csv")$count
f27 <- function(p) {
  gamma <- matrix(c(1 - p[1], p[2], p[1], 1 - p[2]), 2)
  phi <- c(1, 0); total <- 0
  for (t in seq_along(quakes)) {
    phi <- (if (t > 1) phi %*% gamma else phi) * dpois(quakes[t], p[3:4])
    total <- total + log(sum(phi)); phi <- phi / sum(phi)
  }
  total
}
add("A27-earthquakes-hmm-k2", c("step[1, 2]", "step[2, 1]", "rate[1]", "rate[2]"),
  direct(f27, c(.0716, .119, 15.42, 26.018)))

# A31: Student's t with its degrees of freedom
newcomb <- read("newcomb.csv")[[1]]
f31 <- function(p) sum(dt((newcomb - p[1]) / p[2], p[3], log = TRUE) - log(p[2]))
by_mass <- suppressWarnings(fitdistr(newcomb, "t"))
add("A31-newcomb-t-free", c("mu", "sigma", "nu"), direct(f31, by_mass$estimate), by_mass$sd, "MASS::fitdistr")

# A38: a multivariate normal with missing cells; lavaan, full information, observed information
air <- read("airquality.csv")[, 1:4]
names(air) <- paste0("x", 1:4)
scaled <- as.data.frame(scale(air, center = FALSE, scale = s38 <- c(30, 90, 4, 10)))
pairs <- expand.grid(j = 1:4, i = 1:4); pairs <- pairs[pairs$j <= pairs$i, ]
patterns <- lapply(split(scaled, apply(is.na(scaled), 1, paste, collapse = "")), as.matrix)
f38 <- function(p) {
  S <- matrix(0, 4, 4); S[cbind(pairs$i, pairs$j)] <- p[-(1:4)]; S <- S + t(S) - diag(diag(S))
  total <- 0
  for (rows in patterns) {
    o <- which(!is.na(rows[1, ])); r <- t(rows[, o, drop = FALSE]) - p[o]; R <- chol(S[o, o, drop = FALSE])
    total <- total - nrow(rows) * (sum(log(diag(R))) + length(o) / 2 * log(2 * pi)) - sum(backsolve(R, r, transpose = TRUE)^2) / 2
  }
  total
}
model38 <- paste(c(paste0("x", pairs$i, " ~~ x", pairs$j), paste0("x", 1:4, " ~ 1")), collapse = "\n")
fit38 <- lavaan(model38, data = scaled, missing = "fiml", information = "observed", observed.information = "hessian")
e38 <- coef(fit38); s <- sqrt(diag(vcov(fit38)))
value <- function(v) c(v[paste0("x", 1:4, "~1")], mapply(function(i, j) {
  key <- paste0("x", c(i, j), "~~x", c(j, i)); v[key[key %in% names(v)][1]]
}, pairs$i, pairs$j))
units <- c(s38, s38[pairs$i] * s38[pairs$j])
d38 <- direct(f38, value(e38))
add("A38-airquality-mvn-missing", c(paste0("mu[", 1:4, "]"), paste0("Sigma[", pairs$i, ", ", pairs$j, "]")),
  list(estimate = d38$estimate * units, se = d38$se * units), value(s) * units, "lavaan, missing = fiml")

# A44: a random intercept; nlme's fixed effects, and its variances from apVar, which are those of logarithms
growth <- read("orthodont.csv")
f44 <- function(p) {
  r <- growth$distance - p[1] - p[2] * growth$age
  sum(vapply(split(r, growth$subject), function(e) {
    V <- diag(p[4]^2, length(e)) + p[3]^2; R <- chol(V)
    -sum(log(diag(R))) - sum(backsolve(R, e, transpose = TRUE)^2) / 2 - length(e) / 2 * log(2 * pi)
  }, 0))
}
fit44 <- lme(distance ~ age, random = ~ 1 | subject, data = growth, method = "ML")
sds <- c(as.numeric(VarCorr(fit44)[, "StdDev"]))
add("A44-orthodont-random-intercept", c("b0", "b1", "t", "s"), direct(f44, c(fixef(fit44), sds)),
  c(sqrt(diag(vcov(fit44))), sqrt(diag(fit44$apVar)) * sds), "nlme::lme, method = ML: vcov, apVar")

source <- list(R = paste(R.version$major, R.version$minor, sep = "."),
  numDeriv = as.character(packageVersion("numDeriv")), nlme = as.character(packageVersion("nlme")),
  MASS = as.character(packageVersion("MASS")), lavaan = as.character(packageVersion("lavaan")))
cat("{\n \"made\": \"Rscript test/conformance/standard-errors/references.R\",\n \"versions\": ", json(source), ",\n \"cases\": {\n  ",
  paste0(vapply(names(cases), function(id) paste0('"', id, '": ', json(cases[[id]])), ""), collapse = ",\n  "), "\n }\n}\n", sep = "")
