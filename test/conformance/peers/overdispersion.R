# Counts with proportions of their own: VGAM's Dirichlet-multinomial. Usage: Rscript overdispersion.R
suppressMessages(library(VGAM))
here <- sub("--file=", "", grep("--file=", commandArgs(), value = TRUE))
a <- as.matrix(read.csv(file.path(dirname(here), "../../../examples/overdispersion/alleles.csv")))
set.seed(1)
fit <- vglm(a ~ 1, dirmul.old, crit = "c", control = vglm.control(epsilon = 1e-13, maxit = 500))
shape <- Coef(fit)
# The density with its multinomial coefficient.
full <- function(y, s) lgamma(sum(y) + 1) - sum(lgamma(y + 1)) + lgamma(sum(s)) - lgamma(sum(s) + sum(y)) + sum(lgamma(s + y) - lgamma(s))
cat("shapes", format(shape, digits = 12), "\nlogLik", format(sum(apply(a, 1, full, s = shape)), digits = 15), "VGAM's (its own constants)", format(logLik(fit), digits = 12), "\n")
best <- optim(log(shape), function(v) -sum(apply(a, 1, full, s = exp(v))), method = "BFGS", control = list(reltol = 1e-16, maxit = 1000))
cat("polished by optim", format(-best$value, digits = 15), format(exp(best$par), digits = 12), "\n")
cat("VGAM", as.character(packageVersion("VGAM")), R.version.string, "\n")
