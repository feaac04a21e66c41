# Single fits of mclust and flexmix at their defaults to data of the reference cases, one a seed (mclust's start has no chance in it: one).
# Prints a line of JSON a fit: value (log-likelihood where the fit ends by itself), carried (after EM has gone on to convergence, with
# maximum-likelihood estimates), passes over the data. Arguments: peer, case, number of seeds. Without arguments: peers and cases.
suppressMessages({ library(mclust); library(flexmix) })
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
arguments <- commandArgs(TRUE)
table_of <- function(file) read.csv(file.path(here, "../../../test/conformance/data", file))
columns <- function(file, ...) as.matrix(table_of(file)[, c(...), drop = FALSE])
faithful_data <- function() columns("faithful.csv", "eruptions", "waiting")
iris_data <- function() columns("iris.csv", "sl", "sw", "pl", "pw")
image_data <- function() columns("image1.csv", "t1", "t2")
galaxies_data <- function() columns("galaxies.csv", "velocity")
mixtures <- list(
  "A04-faithful-gmm-spherical" = list(faithful_data, 2, "VII"), "A05-faithful-gmm-diag" = list(faithful_data, 2, "VVI"),
  "A06-faithful-gmm-full" = list(faithful_data, 2, "VVV"), "A07-faithful-gmm-tied" = list(faithful_data, 2, "EEE"),
  "A08-iris-gmm-full" = list(iris_data, 3, "VVV"), "A09-galaxies-k3-equal" = list(galaxies_data, 3, "E"),
  "A09-galaxies-k4-equal" = list(galaxies_data, 4, "E"), "A09-galaxies-k5-equal" = list(galaxies_data, 5, "E"),
  "A52-image1-gmm-diag" = list(image_data, 3, "VVI"), "A52-image1-gmm-full" = list(image_data, 3, "VVV"),
  "A52-image1-gmm-spherical" = list(image_data, 3, "VII"), "A52-image1-gmm-tied" = list(image_data, 3, "EEE"),
  "A54-image2-complete-gmm-full" = list(function() columns("image2_complete.csv", "t1", "t2"), 3, "VVV"))

# EM from a posterior, to convergence; a family has fit(weights of the rows) and density(params), the log density of each row
carried <- function(posterior, family) {
  before <- -Inf
  times <- if (is.null(family$times)) 1 else family$times
  if (!is.null(family$rows)) posterior <- posterior[family$rows, ]
  for (i in 1:50000) {
    weights <- log(colSums(times * posterior) / sum(times * posterior))
    joint <- sapply(seq_len(ncol(posterior)), function(k) weights[k] + family$density(family$fit(posterior, k)))
    top <- apply(joint, 1, max)
    total <- top + log(rowSums(exp(joint - top)))
    if (sum(times * total) - before < 1e-10) break
    before <- sum(times * total)
    posterior <- exp(joint - total)
  }
  sum(times * total)
}
poisson_rows <- function(y) list(
  fit = function(r, k) sum(r[, k] * y) / sum(r[, k]), density = function(rate) dpois(y, rate, log = TRUE))
lines_rows <- function(y, x, common) {
  line <- function(r, k) solve(t(x) %*% (r[, k] * x), t(x) %*% (r[, k] * y))
  squares <- function(r, k) sum(r[, k] * (y - x %*% line(r, k))^2)
  list(fit = function(r, k) list(b = line(r, k), s = sqrt(if (common) sum(sapply(seq_len(ncol(r)), function(j) squares(r, j))) / length(y)
    else squares(r, k) / sum(r[, k]))),
    density = function(p) dnorm(y, x %*% p$b, p$s, log = TRUE))
}
# items as columns of 0 and 1, one for each level; rows that are alike are gone through once
level_rows <- function(cells) {
  key <- apply(cells, 1, paste, collapse = "")
  rows <- which(!duplicated(key)); times <- as.vector(table(key)[key[rows]]); cells <- cells[rows, ]
  list(rows = rows, times = times, fit = function(r, k) colSums(times * r[, k] * cells) / sum(times * r[, k]),
    density = function(p) as.vector(cells %*% log(pmax(p, 1e-300))))
}

discoveries <- function() table_of("discoveries.csv")$count
earthquakes <- function() table_of("earthquakes.csv")$count
counts_of <- function(y, k) {
  d <- data.frame(y = y)
  list(function() flexmix(y ~ 1, data = d, k = k, model = FLXMRglm(family = "poisson")), poisson_rows(y))
}
flexmixes <- list(
  "A15-lsat6-lca-k2" = function() {
    y <- as.matrix(table_of("lsat6.csv"))
    list(function() flexmix(y ~ 1, k = 2, model = FLXMCmvbinary()), level_rows(cbind(y, 1 - y)))
  },
  "A17-discoveries-poismix-k2" = function() counts_of(discoveries(), 2),
  "A18-earthquakes-poismix-k2" = function() counts_of(earthquakes(), 2),
  "A18-earthquakes-poismix-k3" = function() counts_of(earthquakes(), 3),
  "A20-npreg-mixreg" = function() {
    d <- table_of("npreg.csv")
    list(function() flexmix(yn ~ x + I(x^2), data = d, k = 2), lines_rows(d$yn, cbind(1, d$x, d$x^2), FALSE))
  },
  "A21-co2-mixreg-equalvar" = function() {
    d <- table_of("co2data.csv")
    list(function() flexmix(co2 ~ gnp, data = d, k = 2, model = FLXMRglmfix(varFix = TRUE)), lines_rows(d$co2, cbind(1, d$gnp), TRUE))
  },
  "A16-haireye-lca-k2" = function() hair_eye(2), "A16-haireye-lca-k3" = function() hair_eye(3))
hair_eye <- function(k) {
  d <- as.data.frame(lapply(table_of("hair_eye_sex.csv"), factor))
  cells <- do.call(cbind, lapply(d, function(v) sapply(levels(v), function(l) as.numeric(v == l))))
  list(function() flexmix(~ 1, data = d, k = k, model = list(FLXMRmultinom(Hair ~ .), FLXMRmultinom(Eye ~ .), FLXMRmultinom(Sex ~ .))),
    level_rows(cells))
}

say <- function(peer, seed, value, on, passes) cat(sprintf(
  '{"peer": "%s", "version": "%s", "seed": %d, "value": %.9f, "carried": %.9f, "passes": %d}\n',
  peer, packageVersion(peer), seed, value, on, as.integer(passes)))

if (length(arguments) == 0) {
  for (case in names(mixtures)) cat("mclust", case, "\n")
  for (case in names(flexmixes)) cat("flexmix", case, "\n")
} else if (arguments[1] == "mclust") {
  of <- mixtures[[arguments[2]]]; x <- of[[1]](); k <- of[[2]]; kind <- of[[3]]
  fit <- Mclust(x, G = k, modelNames = kind, verbose = FALSE)
  # its start again, for the number of its iterations: clusters joined pair by pair, in one dimension quantiles
  joined <- function() hclass(hc(x, modelName = mclust.options("hcModelName"), use = mclust.options("hcUse")), k)
  start <- unmap(if (ncol(x) == 1) mclust:::qclass(x, k) else joined())
  again <- me(x, kind, start)
  if (abs(again$loglik - fit$loglik) > 1e-6) stop("another start than Mclust's")
  on <- me(x, kind, fit$z, control = emControl(tol = c(1e-13, 1e-13), itmax = 100000L))
  say("mclust", 0L, fit$loglik, on$loglik, attr(again, "info")[["iterations"]])
} else {
  of <- flexmixes[[arguments[2]]]()
  for (seed in seq_len(as.integer(arguments[3])) - 1L) {
    set.seed(seed)
    fit <- tryCatch(suppressWarnings(of[[1]]()), error = function(e) NULL)
    if (is.null(fit)) cat(sprintf('{"seed": %d, "failed": "flexmix ends with an error"}\n', seed))
    else say("flexmix", seed, as.numeric(logLik(fit)), carried(posterior(fit), of[[2]]), fit@iter)
  }
}
