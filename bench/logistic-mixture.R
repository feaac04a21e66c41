# Times flexmix on a mixture of two logistic regressions. Usage: Rscript logistic-mixture.R DATA.csv START.csv
# DATA: hits, trials, x1 …; START: the posterior of each row that EM begins from. Prints one line of JSON.
suppressMessages(library(flexmix))
files <- commandArgs(TRUE)
d <- read.csv(files[1])
start <- as.matrix(read.csv(files[2]))
right <- paste(grep("^x", names(d), value = TRUE), collapse = " + ")
form <- as.formula(paste("cbind(hits, trials - hits) ~", right))
seconds <- system.time(m <- flexmix(form, data = d, k = 2, cluster = start, model = FLXMRglm(family = "binomial"),
  control = list(tolerance = 1e-10, iter.max = 1000)))[["elapsed"]]
cat(sprintf('{"seconds": %.4f, "logLikelihood": %.8f, "iterations": %d, "version": "flexmix %s, %s"}\n',
  seconds, as.numeric(logLik(m)), m@iter, packageVersion("flexmix"), R.version$version.string))
