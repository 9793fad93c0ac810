/**
 * The C runner: an addon for Node that loads units of kernels, walks the rows of a plan's table and has the threads that
 * share their tasks. Compiled by the same compiler as the kernels, cached like them.
 *
 * Node-API is a stable binary interface; the few functions used are declared here, so that no headers are needed.
 *
 * The threads agree as those of the wasm backend do (../wasm/control.ts): thread 0 publishes a row as a *job*, whoever is
 * awake takes tasks one by one, and nobody waits for a thread that sleeps or has not started. The threads are detached,
 * take no signals and need nothing when the process ends, so that it may end at any time.
 */

import { INTERRUPT } from "../arena.ts";
import { ENTRY_BYTES, ENTRY_WORDS, GUARD, SHARED, STOPPABLE } from "../layout.ts";
import { DONE, STOPPED } from "../runner.ts";
import { MAX_PAGES, PAGE } from "../wasm/memory.ts";

/** How often a waiting thread looks before it sleeps. */
const SPINS = 4000;
const MOST_BYTES = MAX_PAGES * PAGE;
/** Bytes of a helper's stack. */
const STACK = 1 << 20;

export const runnerSource = `
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

typedef struct napi_env__ *napi_env;
typedef struct napi_value__ *napi_value;
typedef struct napi_callback_info__ *napi_callback_info;
typedef napi_value (*napi_callback)(napi_env, napi_callback_info);
extern int napi_get_cb_info(napi_env, napi_callback_info, size_t *, napi_value *, napi_value *, void **);
extern int napi_get_value_int32(napi_env, napi_value, int32_t *);
extern int napi_get_value_uint32(napi_env, napi_value, uint32_t *);
extern int napi_get_value_string_utf8(napi_env, napi_value, char *, size_t, size_t *);
extern int napi_get_typedarray_info(napi_env, napi_value, int *, size_t *, void **, napi_value *, size_t *);
extern int napi_create_int32(napi_env, int32_t, napi_value *);
extern int napi_create_object(napi_env, napi_value *);
extern int napi_create_function(napi_env, const char *, size_t, napi_callback, void *, napi_value *);
extern int napi_set_named_property(napi_env, napi_value, const char *, napi_value);
extern int napi_throw_error(napi_env, const char *, const char *);

typedef void (*Kernel)(uint8_t *base, uint32_t args, int task);

typedef struct Machine {
  uint8_t *base;
  Kernel *kernels;
  int count, room;
  int threads, spins, summoned;
  /* The processor of thread 0 when it last woke the others, or -1. */
  int32_t processor;
  pthread_mutex_t mutex;
  pthread_cond_t work, finished;
  /* The end of the tasks not taken (low half) and their beginning (high half); they change in one step. */
  uint64_t job __attribute__((aligned(128)));
  /* Tasks not finished, and whether thread 0 sleeps until there are none. */
  int32_t left __attribute__((aligned(128)));
  int32_t resting;
  int32_t sleepers __attribute__((aligned(128)));
  int32_t leave, helpers;
  /* The row of the job. */
  Kernel kernel __attribute__((aligned(128)));
  uint32_t args;
} Machine;

#define LOAD(x) __atomic_load_n(&(x), __ATOMIC_SEQ_CST)
#define STORE(x, v) __atomic_store_n(&(x), v, __ATOMIC_SEQ_CST)
#define ADD(x, v) __atomic_fetch_add(&(x), v, __ATOMIC_SEQ_CST)

static inline void pause_briefly(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

/* How many signals have come that stop runs, and who handled each signal before. */
static int32_t signals;
static struct sigaction handled[65];

/* Whether a signal has come since there were \`heard\`; never where that is a negative number. */
static inline int stopped(int32_t heard) { return heard >= 0 && LOAD(signals) != heard; }

static inline uint32_t first_of(uint64_t job) { return (uint32_t)(job >> 32); }
static inline uint32_t end_of(uint64_t job) { return (uint32_t)job; }
static inline uint32_t count_of(uint64_t job) { return end_of(job) - first_of(job); }

/* Takes all tasks that are left and does none of them. */
static void drop(Machine *m) {
  uint64_t job = LOAD(m->job);
  while (count_of(job) != 0) {
    if (!__atomic_compare_exchange_n(&m->job, &job, 0, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) continue;
    ADD(m->left, -(int32_t)count_of(job));
    return;
  }
}

/*
 * Takes tasks and does them until none is left to take, or a signal comes after \`heard\`. Thread 0 takes the first, helpers
 * take the last: what a thread has made it finds in its own cache when the next row reads it.
 */
static void help(Machine *m, int32_t heard, int from_front) {
  uint64_t job = LOAD(m->job);
  while (count_of(job) != 0) {
    if (stopped(heard)) {
      drop(m);
      return;
    }
    const uint64_t rest = from_front ? job + (1ull << 32) : job - 1;
    if (!__atomic_compare_exchange_n(&m->job, &job, rest, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) continue;
    m->kernel(m->base, m->args, (int32_t)(from_front ? first_of(job) : end_of(job) - 1));
    if (ADD(m->left, -1) == 1 && LOAD(m->resting)) {
      pthread_mutex_lock(&m->mutex);
      pthread_cond_signal(&m->finished);
      pthread_mutex_unlock(&m->mutex);
    }
    job = LOAD(m->job);
  }
}

/*
 * Leaves the processor \`busy\` if the thread runs there: the scheduler likes to put a thread beside the one that woke it, and
 * a row is over before it thinks again.
 */
static void step_aside(int32_t busy) {
#ifdef __linux__
  cpu_set_t all, others;
  if (busy < 0 || sched_getcpu() != busy || sched_getaffinity(0, sizeof all, &all) || CPU_COUNT(&all) < 2) return;
  others = all;
  CPU_CLR(busy, &others);
  if (!sched_setaffinity(0, sizeof others, &others)) sched_setaffinity(0, sizeof all, &all);
#else
  (void)busy;
#endif
}

static int32_t processor_now(void) {
#ifdef __linux__
  return sched_getcpu();
#else
  return -1;
#endif
}

static void *helper(void *data) {
  Machine *m = data;
  ADD(m->helpers, 1);
  while (!LOAD(m->leave)) {
    help(m, -1, 0);
    int spins = m->spins;
    while (--spins > 0 && count_of(__atomic_load_n(&m->job, __ATOMIC_RELAXED)) == 0) pause_briefly();
    if (spins > 0) continue;
    pthread_mutex_lock(&m->mutex);
    ADD(m->sleepers, 1);
    while (count_of(LOAD(m->job)) == 0 && !LOAD(m->leave)) pthread_cond_wait(&m->work, &m->mutex);
    ADD(m->sleepers, -1);
    pthread_mutex_unlock(&m->mutex);
    step_aside(LOAD(m->processor));
  }
  ADD(m->helpers, -1);
  return NULL;
}

static void wake(Machine *m) {
  STORE(m->processor, processor_now());
  pthread_mutex_lock(&m->mutex);
  pthread_cond_broadcast(&m->work);
  pthread_mutex_unlock(&m->mutex);
}

/* Makes a row a job, takes part and waits until all of its tasks are finished. */
static void share(Machine *m, Kernel kernel, uint32_t args, int32_t tasks, int32_t heard) {
  m->kernel = kernel;
  m->args = args;
  STORE(m->left, tasks);
  STORE(m->job, (uint64_t)(uint32_t)tasks);
  if (LOAD(m->sleepers)) wake(m);
  help(m, heard, 1);
  for (int spins = m->spins; spins > 0; spins--) {
    if (LOAD(m->left) == 0) return;
    pause_briefly();
  }
  pthread_mutex_lock(&m->mutex);
  STORE(m->resting, 1);
  while (LOAD(m->left) != 0) pthread_cond_wait(&m->finished, &m->mutex);
  STORE(m->resting, 0);
  pthread_mutex_unlock(&m->mutex);
}

static void on_signal(int number, siginfo_t *info, void *context) {
  ADD(signals, 1);
  const struct sigaction *before = &handled[number];
  if (before->sa_flags & SA_SIGINFO) before->sa_sigaction(number, info, context);
  else before->sa_handler(number);
}

/* Lets a signal stop runs before whoever handles it hears of it. A signal that nobody handles ends the process anyway. */
static void watch(int number) {
  struct sigaction now;
  if (number < 1 || number > 64 || sigaction(number, NULL, &now) != 0) return;
  if (!(now.sa_flags & SA_SIGINFO)) {
    if (now.sa_handler == SIG_DFL || now.sa_handler == SIG_IGN) return;
  } else if (now.sa_sigaction == on_signal) return;
  handled[number] = now;
  now.sa_flags |= SA_SIGINFO;
  now.sa_sigaction = on_signal;
  sigaction(number, &now, NULL);
}

static int32_t walk(Machine *m, uint32_t table, int32_t from, int32_t to) {
  uint8_t *const base = m->base;
  const int32_t heard = LOAD(signals);
  for (int32_t row = from; row < to; row++) {
    const int32_t *entry = (const int32_t *)(base + table + (uint64_t)row * ${ENTRY_BYTES});
    const int32_t kernel = entry[0], tasks = entry[2], flags = entry[3];
    const uint32_t args = (uint32_t)entry[1];
    if ((flags & ${STOPPABLE}) && (LOAD(*(int32_t *)(base + ${INTERRUPT})) || stopped(heard))) return ${STOPPED};
    /* A row before the first effect may be left in its middle: then the next one may be stopped before, too. */
    const int inside = (flags & ${STOPPABLE}) && row + 1 < to && (entry[${ENTRY_WORDS} + 3] & ${STOPPABLE});
    const int32_t listen = inside ? heard : -1;
    if (kernel == ${GUARD}) {
      if (base[args] == 0) return row;
    } else if ((flags & ${SHARED}) && LOAD(m->helpers) > 0) {
      share(m, m->kernels[kernel], args, tasks, listen);
    } else {
      for (int32_t task = 0; task < tasks && !stopped(listen); task++) m->kernels[kernel](base, args, task);
    }
  }
  return ${DONE};
}

/* Starts the helpers, once; where one cannot start, the others do its work. */
static void summon(Machine *m) {
  if (m->summoned) return;
  m->summoned = 1;
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attributes, ${STACK});
  for (int i = 1; i < m->threads; i++) {
    pthread_t thread;
    if (pthread_create(&thread, &attributes, helper, m) != 0) break;
  }
  pthread_attr_destroy(&attributes);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* -- what JavaScript calls -------------------------------------------------------------------------------------------- */

static Machine *arguments(napi_env env, napi_callback_info info, size_t count, napi_value *values) {
  void *data = NULL;
  napi_get_cb_info(env, info, &count, values, NULL, &data);
  return data;
}

static napi_value number(napi_env env, int32_t value) {
  napi_value result = NULL;
  napi_create_int32(env, value, &result);
  return result;
}

/*
 * Large pages for the memory and what it will grow into (V8 has reserved the addresses), where the system has them: an element
 * read somewhere needs fewer translations of its address.
 */
static void prefer_large_pages(uint8_t *memory) {
#ifdef MADV_HUGEPAGE
  madvise((void *)(((uintptr_t)memory + 4095) / 4096 * 4096), ${MOST_BYTES}ull, MADV_HUGEPAGE);
#endif
}

/* memory(view): the memory is where this view of all of it begins. */
static napi_value js_memory(napi_env env, napi_callback_info info) {
  napi_value view;
  Machine *m = arguments(env, info, 1, &view);
  void *at = NULL;
  napi_get_typedarray_info(env, view, NULL, NULL, &at, NULL, NULL);
  if (at != m->base) prefer_large_pages(at);
  m->base = at;
  return NULL;
}

/* add(path, name): the number of the function of that name in the library at that path. */
static napi_value js_add(napi_env env, napi_callback_info info) {
  napi_value values[2];
  char path[4096], name[256];
  Machine *m = arguments(env, info, 2, values);
  napi_get_value_string_utf8(env, values[0], path, sizeof path, NULL);
  napi_get_value_string_utf8(env, values[1], name, sizeof name, NULL);
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  Kernel kernel = library ? (Kernel)dlsym(library, name) : NULL;
  if (!kernel) {
    const char *why = dlerror();
    napi_throw_error(env, NULL, why ? why : "no such kernel");
    return NULL;
  }
  if (m->count == m->room) {
    const int room = m->room ? 2 * m->room : 64;
    Kernel *more = realloc(m->kernels, room * sizeof(Kernel));
    if (!more) {
      napi_throw_error(env, NULL, "no memory");
      return NULL;
    }
    m->kernels = more;
    m->room = room;
  }
  m->kernels[m->count] = kernel;
  return number(env, m->count++);
}

static napi_value js_walk(napi_env env, napi_callback_info info) {
  napi_value values[3];
  uint32_t table = 0;
  int32_t from = 0, to = 0;
  Machine *m = arguments(env, info, 3, values);
  napi_get_value_uint32(env, values[0], &table);
  napi_get_value_int32(env, values[1], &from);
  napi_get_value_int32(env, values[2], &to);
  return number(env, walk(m, table, from, to));
}

static napi_value js_watch(napi_env env, napi_callback_info info) {
  napi_value value;
  int32_t number = 0;
  arguments(env, info, 1, &value);
  napi_get_value_int32(env, value, &number);
  watch(number);
  return NULL;
}

static napi_value js_summon(napi_env env, napi_callback_info info) {
  summon(arguments(env, info, 0, NULL));
  return NULL;
}

static napi_value js_helpers(napi_env env, napi_callback_info info) {
  return number(env, LOAD(arguments(env, info, 0, NULL)->helpers));
}

static napi_value js_release(napi_env env, napi_callback_info info) {
  Machine *m = arguments(env, info, 0, NULL);
  m->summoned = 1;
  STORE(m->leave, 1);
  wake(m);
  return NULL;
}

/* create(threads, spin): a machine, as an object of functions. It is never freed: its threads may be anywhere. */
static napi_value js_create(napi_env env, napi_callback_info info) {
  static const struct { const char *name; napi_callback call; } functions[] = {
    {"memory", js_memory}, {"add", js_add}, {"walk", js_walk},
    {"summon", js_summon}, {"helpers", js_helpers}, {"release", js_release},
  };
  napi_value values[2], result, function;
  int32_t spin = 0;
  arguments(env, info, 2, values);
  Machine *m = aligned_alloc(128, (sizeof(Machine) + 127) / 128 * 128);
  if (!m) {
    napi_throw_error(env, NULL, "no memory");
    return NULL;
  }
  memset(m, 0, sizeof(Machine));
  m->processor = -1;
  napi_get_value_int32(env, values[0], &m->threads);
  napi_get_value_int32(env, values[1], &spin);
  m->spins = spin ? ${SPINS} : 1;
  pthread_mutex_init(&m->mutex, NULL);
  pthread_cond_init(&m->work, NULL);
  pthread_cond_init(&m->finished, NULL);
  napi_create_object(env, &result);
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
    napi_create_function(env, functions[i].name, SIZE_MAX, functions[i].call, m, &function);
    napi_set_named_property(env, result, functions[i].name, function);
  }
  return result;
}

__attribute__((visibility("default"))) napi_value napi_register_module_v1(napi_env env, napi_value exports) {
  napi_value function;
  /* The threads run code of this library: it stays, also when the worker that loaded it ends. */
  Dl_info self;
  if (dladdr((void *)js_create, &self)) dlopen(self.dli_fname, RTLD_NOW | RTLD_NODELETE);
  napi_create_function(env, "create", SIZE_MAX, js_create, NULL, &function);
  napi_set_named_property(env, exports, "create", function);
  napi_create_function(env, "watch", SIZE_MAX, js_watch, NULL, &function);
  napi_set_named_property(env, exports, "watch", function);
  return exports;
}
`;
