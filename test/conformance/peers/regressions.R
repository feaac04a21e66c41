# Mixtures of regressions and of experts, concomitant variables, paired comparisons, generalised linear models.
# Usage: Rscript regressions.R FOLDER  (the data are written there, the figures are printed)
suppressMessages({library(flexmix); library(lme4); library(BradleyTerry2); library(MASS)})
out <- commandArgs(TRUE)[1]
show <- function(name, ll, ...) { cat("\n##", name, sprintf("%.10f", ll), "\n"); print(list(...), digits = 10) }
tight <- list(tolerance = 1e-14, iter.max = 5000)

# mixture of logistic regressions, a class for each centre
data(betablocker)
write.csv(data.frame(center = betablocker$Center, treated = as.integer(betablocker$Treatment == "Treated"),
  deaths = betablocker$Deaths, total = betablocker$Total), file.path(out, "betablocker.csv"), row.names = FALSE, quote = FALSE)
set.seed(1)
for (k in 2:3) {
  best <- NULL
  for (s in 1:30) { m <- try(flexmix(cbind(Deaths, Total - Deaths) ~ 1 | Center, data = betablocker, k = k,
    model = FLXMRglmfix(family = "binomial", fixed = ~ Treatment), control = tight), silent = TRUE)
    if (!inherits(m, "try-error") && m@k == k && (is.null(best) || logLik(m) > logLik(best))) best <- m }
  show(paste("betablocker", k), as.numeric(logLik(best)), pars = parameters(best), prior = prior(best))
}
# constants of the binomial: does flexmix's logLik hold them?
cat("sum of lchoose", sprintf("%.10f", sum(lchoose(betablocker$Total, betablocker$Deaths))), "\n")

# mixture of experts: Poisson regressions, gate on RDS
data(patent)
write.csv(data.frame(patents = patent$Patents, rds = patent$RDS, lgrd = patent$lgRD), file.path(out, "patent.csv"), row.names = FALSE, quote = FALSE)
for (k in 2:3) { best <- NULL
  for (s in 1:40) { m <- try(flexmix(Patents ~ lgRD, data = patent, k = k, model = FLXMRglm(family = "poisson"),
    concomitant = FLXPmultinom(~RDS), control = tight), silent = TRUE)
    if (!inherits(m, "try-error") && m@k == k && (is.null(best) || logLik(m) > logLik(best))) best <- m }
  show(paste("patent", k), as.numeric(logLik(best)), pars = parameters(best), gate = best@concomitant@coef) }

# concomitant-variable latent class
data(VerbAgg)
v <- VerbAgg
items <- levels(v$item)[1:8]
w <- reshape(subset(v, item %in% items)[, c("id", "Anger", "Gender", "item", "r2")], idvar = c("id", "Anger", "Gender"), timevar = "item", direction = "wide")
names(w) <- c("id", "anger", "male", paste0("q", 1:8))
w$male <- as.integer(w$male == "M"); for (q in paste0("q", 1:8)) w[[q]] <- as.integer(w[[q]] == "Y")
print(items)
write.csv(w[, -1], file.path(out, "verbal.csv"), row.names = FALSE, quote = FALSE)
Y <- as.matrix(w[, paste0("q", 1:8)])
for (k in 2:3) { best <- NULL
  for (s in 1:40) { m <- try(flexmix(Y ~ 1, data = w, k = k, model = FLXMCmvbinary(), concomitant = FLXPmultinom(~ I(anger/10) + male), control = tight), silent = TRUE)
    if (!inherits(m, "try-error") && m@k == k && (is.null(best) || logLik(m) > logLik(best))) best <- m }
  show(paste("verbal", k), as.numeric(logLik(best)), pars = parameters(best), gate = best@concomitant@coef) }

# paired comparisons
data(baseball)
b <- baseball
write.csv(data.frame(home = b$home.team, away = b$away.team, won = b$home.wins, lost = b$away.wins), file.path(out, "baseball.csv"), row.names = FALSE, quote = FALSE)
m <- BTm(cbind(home.wins, away.wins), home.team, away.team, data = baseball, id = "team")
show("baseball", as.numeric(logLik(m)), coef = coef(m))
baseball$home.team <- data.frame(team = baseball$home.team, at.home = 1)
baseball$away.team <- data.frame(team = baseball$away.team, at.home = 0)
m <- BTm(cbind(home.wins, away.wins), home.team, away.team, formula = ~ team + at.home, id = "team", data = baseball)
show("baseball home", as.numeric(logLik(m)), coef = coef(m))

# generalised linear models
bw <- birthwt
write.csv(bw[, c("low", "age", "lwt", "race", "smoke", "ptl", "ht", "ui")], file.path(out, "birthwt.csv"), row.names = FALSE, quote = FALSE)
for (link in c("logit", "probit")) { m <- glm(low ~ age + lwt + factor(race) + smoke + ht + ui, binomial(link), bw, epsilon = 1e-14)
  show(paste("birthwt", link), as.numeric(logLik(m)), coef = coef(m)) }
ins <- data.frame(district = Insurance$District, group = as.integer(Insurance$Group), age = as.integer(Insurance$Age), holders = Insurance$Holders, claims = Insurance$Claims)
write.csv(ins, file.path(out, "insurance.csv"), row.names = FALSE, quote = FALSE)
m <- glm(claims ~ district + factor(group) + factor(age) + offset(log(holders)), poisson, ins, epsilon = 1e-14)
show("insurance", as.numeric(logLik(m)), coef = coef(m))
m <- nnet::multinom(race ~ age + smoke, bw, trace = FALSE, reltol = 1e-15, abstol = 1e-15, maxit = 1000)
show("birthwt multinomial", as.numeric(logLik(m)), coef = coef(m))
for (p in c("flexmix", "BradleyTerry2", "MASS", "lme4", "nnet")) cat(p, as.character(packageVersion(p)), "\n"); cat(R.version.string, "\n")
