# Proportional odds: MASS::polr on MASS::housing.
suppressMessages(library(MASS))
m <- polr(Sat ~ Infl + Type + Cont, weights = Freq, data = housing, control = list(reltol = 1e-14))
cat("MASS", as.character(packageVersion("MASS")), R.version.string, "\n")
print(coef(m), digits = 12)
print(m$zeta, digits = 12)
print(logLik(m), digits = 14)
