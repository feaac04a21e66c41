# Random intercepts under a link, and item response: lme4 with adaptive Gauss-Hermite quadrature, R's own integrate() for the
# constants that lme4 leaves out, and direct maximisation for the two-parameter model. Usage: Rscript quadrature.R
suppressMessages(library(lme4))
here <- sub("--file=", "", grep("--file=", commandArgs(), value = TRUE))
path <- function(folder, f) file.path(dirname(here), "../../../examples", folder, f)
digits <- function(x) format(as.numeric(x), digits = 12)
control <- glmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-11, maxfun = 1e6), tolPwrss = 1e-12)

# log of the integral of exp(joint(u)) over u, by integrate() around the mode
marginal <- function(joint) {
  best <- optimize(joint, c(-30, 30), maximum = TRUE, tol = 1e-10)
  f <- function(u) exp(sapply(u, joint) - best$objective)
  log(integrate(f, best$maximum - 25, best$maximum, rel.tol = 1e-12, subdivisions = 2000)$value +
      integrate(f, best$maximum, best$maximum + 25, rel.tol = 1e-12, subdivisions = 2000)$value) + best$objective
}

herds <- read.csv(path("generalised-mixed", "herds.csv"))
fit <- glmer(cbind(y, size - y) ~ 0 + factor(period) + (1 | herd), herds, binomial, nAGQ = 25, control = control)
sigma <- sqrt(unlist(VarCorr(fit)))
total <- sum(sapply(split(herds, herds$herd), function(d) marginal(function(u)
  sum(dbinom(d$y, d$size, plogis(fixef(fit)[d$period] + u), log = TRUE)) + dnorm(u, 0, sigma, log = TRUE))))
cat("\n== herds\nlogLik", digits(total), "lme4's", digits(logLik(fit)), "\nbeta", digits(fixef(fit)), "\nsigma", digits(sigma), "\n")
cat("modes", digits(head(ranef(fit)$herd[[1]], 3)), "\n")

ticks <- read.csv(path("generalised-mixed", "ticks.csv"))
fit <- glmer(ticks ~ 0 + factor(year) + height + (1 | brood), ticks, poisson, nAGQ = 25, control = control)
sigma <- sqrt(unlist(VarCorr(fit)))
eta <- model.matrix(fit) %*% fixef(fit)
total <- sum(sapply(split(seq_len(nrow(ticks)), ticks$brood), function(i) marginal(function(u)
  sum(dpois(ticks$ticks[i], exp(eta[i] + u), log = TRUE)) + dnorm(u, 0, sigma, log = TRUE))))
cat("\n== ticks\nlogLik", digits(total), "lme4's", digits(logLik(fit)), "\nfixed", digits(fixef(fit)), "\nsigma", digits(sigma), "\n")

lsat <- read.csv(path("item-response", "lsat.csv"))
q <- as.matrix(lsat[, paste0("q", 1:5)])
rule <- GHrule(81)
logdet <- function(a, b) {
  eta <- outer(rule[, "z"], 1:5, function(z, j) a[j] * z + b[j])
  p <- plogis(eta, log.p = TRUE)
  m <- plogis(-eta, log.p = TRUE)
  each <- q %*% t(p) + (1 - q) %*% t(m)
  sum(lsat$students * log(exp(each) %*% rule[, "w"]))
}
one <- optim(c(1, rep(0, 5)), function(x) -logdet(rep(exp(x[1]), 5), x[-1]), method = "BFGS", control = list(reltol = 1e-15, maxit = 5000))
one <- nlm(function(x) -logdet(rep(exp(x[1]), 5), x[-1]), one$par, gradtol = 1e-9, steptol = 1e-12, iterlim = 2000)
cat("\n== one parameter\nlogLik", digits(-one$minimum), "\nsigma", digits(exp(one$estimate[1])), "\nease", digits(one$estimate[-1]), "\n")
two <- optim(c(rep(0, 5), one$estimate[-1]), function(x) -logdet(exp(x[1:5]), x[6:10]), method = "BFGS", control = list(reltol = 1e-15, maxit = 5000))
two <- nlm(function(x) -logdet(exp(x[1:5]), x[6:10]), two$par, gradtol = 1e-9, steptol = 1e-12, iterlim = 2000)
cat("\n== two parameters\nlogLik", digits(-two$minimum), "\nslope", digits(exp(two$estimate[1:5])), "\nease", digits(two$estimate[6:10]), "\n")
long <- data.frame(student = rep(rep(seq_len(nrow(lsat)), lsat$students), 5), item = factor(rep(1:5, each = sum(lsat$students))),
                   right = c(q[rep(seq_len(nrow(lsat)), lsat$students), ]))
long$student <- rep(seq_len(sum(lsat$students)), 5)
fit <- glmer(right ~ 0 + item + (1 | student), long, binomial, nAGQ = 25)
cat("\n== one parameter by lme4\nlogLik", digits(logLik(fit)), "\nsigma", digits(sqrt(unlist(VarCorr(fit)))), "\nease", digits(fixef(fit)), "\n")
cat("lme4", as.character(packageVersion("lme4")), R.version.string, "\n")
