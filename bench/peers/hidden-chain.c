/* EM of a discrete hidden Markov chain by the scaled forward-backward recursions. The number of states is known when it is
   compiled, so that the loops over states unroll and vectorise. Transitions: the sum over t of alpha[t-1] (x) (b*beta)[t]
   is taken first and multiplied by A once. Usage: FOLDER SEQUENCES LENGTH SYMBOLS; then one number of iterations a line. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#ifdef _OPENMP
#include <omp.h>
#endif

#ifndef S
#define S 8
#endif

/* A row of S numbers as one vector; S is a power of two. */
typedef double Row __attribute__((vector_size(S * sizeof(double))));

typedef struct {
  Row first, xi[S];
  double logl;
  Row *emit; /* a row a symbol */
} Sums;

static int symbols;
static Row pi0, A[S], At[S], *B; /* B: a row a symbol */

static double now(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return t.tv_sec + 1e-9 * t.tv_nsec;
}

static inline double sumOf(Row r) {
  double half[S];
  memcpy(half, &r, sizeof r);
  for (int width = S / 2; width > 0; width /= 2)
    for (int s = 0; s < width; s++) half[s] += half[s + width];
  return half[0];
}

/* Sum over i of v[i] * matrix[i], in two halves that do not wait for each other. */
static inline Row times(Row v, const Row *restrict matrix) {
  Row even = v[0] * matrix[0], odd = v[1] * matrix[1];
#pragma GCC unroll 8
  for (int i = 2; i < S; i += 2) even += v[i] * matrix[i], odd += v[i + 1] * matrix[i + 1];
  return even + odd;
}

/* One sequence. alpha: its rows scaled to sum 1; scale: 1 / sum before scaling. */
static void sequence(const int *restrict y, int length, Row *restrict alpha, double *restrict scale, Sums *restrict sums) {
  Row a = pi0 * B[y[0]], beta, forward[S], backward[S], xi[S];
  double logl = 0, product = 1;
  for (int s = 0; s < S; s++) forward[s] = A[s], backward[s] = At[s], xi[s] = sums->xi[s];
  for (int t = 0; t < length; t++) {
    if (t > 0) a = times(a, forward) * B[y[t]];
    double total = sumOf(a);
    alpha[t] = a = a * (1 / total);
    scale[t] = 1 / total;
    product *= total;
    if (product < 1e-200) logl += log(product), product = 1;
  }
  sums->logl += logl + log(product);
  for (int s = 0; s < S; s++) beta[s] = 1;
  for (int t = length - 1; t > 0; t--) {
    sums->emit[y[t]] += alpha[t] * beta;
    Row w = B[y[t]] * beta * scale[t], before = alpha[t - 1];
#pragma GCC unroll 8
    for (int i = 0; i < S; i++) xi[i] += before[i] * w;
    beta = times(w, backward);
  }
  sums->emit[y[0]] += alpha[0] * beta;
  sums->first += alpha[0] * beta;
  for (int s = 0; s < S; s++) sums->xi[s] = xi[s];
}

static double *readAll(const char *folder, const char *name, size_t count) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *f = fopen(path, "rb");
  double *out = malloc(count * sizeof(double));
  if (!f || fread(out, sizeof(double), count, f) != count) {
    fprintf(stderr, "cannot read %s\n", path);
    exit(1);
  }
  fclose(f);
  return out;
}

int main(int argc, char **argv) {
  if (argc < 5) return fprintf(stderr, "usage: FOLDER SEQUENCES LENGTH SYMBOLS\n"), 2;
  const char *folder = argv[1];
  int sequences = atoi(argv[2]), length = atoi(argv[3]), workers = 1;
  symbols = atoi(argv[4]);
  size_t places = (size_t)sequences * length;
  int *y = malloc(places * sizeof(int));
  char path[4096];
  snprintf(path, sizeof path, "%s/y.i32", folder);
  FILE *f = fopen(path, "rb");
  if (!f || fread(y, sizeof(int), places, f) != places) return fprintf(stderr, "cannot read %s\n", path), 1;
  fclose(f);
  /* pi0, A by rows, B by rows of states */
  double *start = readAll(folder, "start-numbers.f64", S + S * S + (size_t)S * symbols);
  memcpy(&pi0, start, sizeof pi0);
  memcpy(A, start + S, sizeof A);
  B = aligned_alloc(64, (size_t)symbols * S * sizeof(double));
  for (int s = 0; s < S; s++)
    for (int m = 0; m < symbols; m++) B[m][s] = start[S + S * S + (size_t)s * symbols + m];
#ifdef _OPENMP
  workers = omp_get_max_threads();
#endif
  Sums *parts = aligned_alloc(128, workers * ((sizeof(Sums) + 127) / 128 * 128));
  Row **alphas = malloc(workers * sizeof(Row *));
  double **scales = malloc(workers * sizeof(double *));
  for (int w = 0; w < workers; w++) {
    parts[w].emit = aligned_alloc(128, ((size_t)symbols * S * sizeof(double) + 255) / 128 * 128);
    alphas[w] = aligned_alloc(64, (size_t)length * S * sizeof(double));
    scales[w] = malloc((size_t)length * sizeof(double));
    memset(alphas[w], 0, (size_t)length * S * sizeof(double));
    memset(scales[w], 0, (size_t)length * sizeof(double));
  }
  double objective = 0;
  char line[64];
  /* the first turn is the E-step at the start, outside of what is timed */
  for (int turn = 0, left = 0; turn == 0 || fgets(line, sizeof line, stdin); turn++) {
    left = turn == 0 ? 1 : atoi(line);
    double *seconds = malloc((left + 1) * sizeof(double)), *processor = malloc((left + 1) * sizeof(double));
    for (int k = 0; k < left; k++) {
      double begun = now(CLOCK_MONOTONIC), used = now(CLOCK_PROCESS_CPUTIME_ID);
      if (turn > 0) { /* M-step from the sums of the last E-step */
        double mass = 0;
        for (int s = 0; s < S; s++) mass += parts[0].first[s];
        for (int i = 0; i < S; i++) {
          double row = 0, all = 0;
          for (int s = 0; s < S; s++) row += parts[0].xi[i][s] *= A[i][s];
          for (int s = 0; s < S; s++) A[i][s] = parts[0].xi[i][s] / row;
          pi0[i] = parts[0].first[i] / mass;
          for (int m = 0; m < symbols; m++) all += parts[0].emit[m][i];
          for (int m = 0; m < symbols; m++) B[m][i] = parts[0].emit[m][i] / all;
        }
      }
      for (int i = 0; i < S; i++)
        for (int s = 0; s < S; s++) At[s][i] = A[i][s];
      for (int w = 0; w < workers; w++) {
        memset(&parts[w].first, 0, sizeof pi0);
        memset(parts[w].xi, 0, sizeof A);
        memset(parts[w].emit, 0, (size_t)symbols * S * sizeof(double));
        parts[w].logl = 0;
      }
#pragma omp parallel for schedule(static)
      for (int r = 0; r < sequences; r++) {
        int w = 0;
#ifdef _OPENMP
        w = omp_get_thread_num();
#endif
        sequence(y + (size_t)r * length, length, alphas[w], scales[w], &parts[w]);
      }
      for (int w = 1; w < workers; w++) {
        parts[0].logl += parts[w].logl;
        for (int i = 0; i < S; i++) {
          parts[0].first[i] += parts[w].first[i];
          parts[0].xi[i] += parts[w].xi[i];
        }
        for (int m = 0; m < symbols; m++) parts[0].emit[m] += parts[w].emit[m];
      }
      objective = parts[0].logl;
      seconds[k] = now(CLOCK_MONOTONIC) - begun;
      processor[k] = now(CLOCK_PROCESS_CPUTIME_ID) - used;
    }
    if (turn == 0) printf("{\"ready\": true, \"objective\": %.17g, \"versions\": {\"gcc\": \"%s\", \"threads\": %d}}\n", objective, __VERSION__, workers);
    else {
      printf("{\"seconds\": [");
      for (int k = 0; k < left; k++) printf("%s%.9f", k ? ", " : "", seconds[k]);
      printf("], \"processor\": [");
      for (int k = 0; k < left; k++) printf("%s%.9f", k ? ", " : "", processor[k]);
      printf("], \"objective\": %.17g}\n", objective);
    }
    fflush(stdout);
    free(seconds);
    free(processor);
  }
  return 0;
}
