# Factor analysers: OpenMx by full-information maximum likelihood. Usage: Rscript factors.R [starts]
suppressMessages(library(OpenMx))
invisible(mxOption(NULL, "Number of Threads", 1))
here <- sub("--file=", "", grep("--file=", commandArgs(), value = TRUE))
path <- function(f) file.path(dirname(here), "../../../examples", f)
starts <- as.integer(c(commandArgs(TRUE), 8)[1])
options(digits = 12)

# Loadings are identified by zeros above the diagonal; C = W W' + noise does not depend on that.
lower <- function(D, Q) outer(1:D, 1:Q, ">=")

ppca <- function(x, Q) {
  D <- ncol(x)
  run <- function(seed) {
    set.seed(seed)
    s <- sqrt(mean(apply(x, 2, var, na.rm = TRUE)))
    m <- mxModel("ppca", mxData(x, "raw"),
      mxMatrix("Full", D, Q, lower(D, Q), ifelse(lower(D, Q), rnorm(D * Q, 0, s / 2), 0), name = "W"),
      mxMatrix("Diag", D, D, TRUE, s^2 / 4, labels = "v", lbound = 1e-6, name = "Psi"),
      mxMatrix("Full", 1, D, TRUE, colMeans(x, na.rm = TRUE), name = "mu"),
      mxAlgebra(W %*% t(W) + Psi, name = "C"),
      mxExpectationNormal("C", "mu", dimnames = colnames(x)), mxFitFunctionML())
    suppressWarnings(mxRun(m, silent = TRUE))
  }
  fits <- lapply(1:starts, run)
  ll <- sapply(fits, function(f) -f$output$fit / 2)
  best <- fits[[which.max(ll)]]
  cat("\n== ppca", "logLik", format(max(ll), digits = 15), "reached by", sum(ll > max(ll) - 1e-4), "of", starts, "\n")
  W <- best$W$values
  list(WWt = W %*% t(W), sigma = sqrt(best$Psi$values[1, 1]), mu = best$mu$values)
}

# noise "shared": one variance a column for all components; "sphere": one variance a component.
analysers <- function(x, K, Q, noise) {
  D <- ncol(x)
  part <- function(k, w, centre, spread) mxModel(paste0("c", k),
    mxMatrix("Full", D, Q, lower(D, Q), w, name = "W"),
    mxMatrix("Diag", D, D, TRUE, spread, labels = if (noise == "shared") paste0("v", 1:D) else paste0("v_c", k), lbound = 1e-4, name = "Psi"),
    mxMatrix("Full", 1, D, TRUE, centre, name = "mu"),
    mxAlgebra(W %*% t(W) + Psi, name = "C"),
    mxExpectationNormal("C", "mu", dimnames = colnames(x)), mxFitFunctionML(vector = TRUE))
  run <- function(seed) {
    set.seed(seed)
    km <- kmeans(scale(x), K, nstart = 1)$cluster
    v <- apply(x, 2, var) / 4
    parts <- lapply(1:K, function(k)
      part(k, ifelse(lower(D, Q), matrix(rnorm(D * Q), D) * sqrt(v), 0), colMeans(x[km == k, , drop = FALSE]), if (noise == "shared") v else mean(v)))
    m <- mxModel("mfa", mxData(x, "raw"), parts,
      mxMatrix("Full", K, 1, c(FALSE, rep(TRUE, K - 1)), 1, lbound = 1e-3, name = "w"),
      mxExpectationMixture(paste0("c", 1:K), weights = "w", scale = "sum"), mxFitFunctionML())
    capture.output(f <- suppressMessages(suppressWarnings(try(mxTryHard(m, silent = TRUE, extraTries = 3), silent = TRUE))))
    if (inherits(f, "try-error")) NULL else f
  }
  fits <- Filter(Negate(is.null), lapply(1:starts, run))
  ll <- sapply(fits, function(f) -f$output$fit / 2)
  best <- fits[[which.max(ll)]]
  cat("\n== analysers K", K, "Q", Q, noise, "logLik", format(max(ll), digits = 15), "reached by", sum(ll > max(ll) - 1e-3), "of", length(fits), "\n")
  print(sort(round(ll, 4), decreasing = TRUE))
  w <- as.vector(best$w$values)
  cat("weights", format(w / sum(w), digits = 10), "\n")
  for (k in 1:K) { s <- best[[paste0("c", k)]]; cat("mu", format(s$mu$values, digits = 10), "\nnoise sd", format(sqrt(diag(s$Psi$values)), digits = 10), "\n") }
}

holes <- as.matrix(read.csv(path("ppca-holes/iris_holes.csv")))
for (Q in 1:2) print(ppca(holes, Q), digits = 10)
notes <- as.matrix(read.csv(path("factor-analysers/banknotes.csv"))[, 1:6])
for (Q in 1:2) for (noise in c("shared", "sphere")) analysers(notes, 2, Q, noise)

cat("OpenMx", as.character(packageVersion("OpenMx")), R.version.string, "\n")
