/**
 * The C that every unit begins with: vector types, memory, and the primitives for which C has no operator.
 *
 * For each width w: `vf<w>`, `vi<w>`, `vu<w>` and `vb<w>` hold w floats, ints, unsigned ints and bytes; `uf<w>`, `ui<w>` and
 * `ub<w>` are the same in memory, at any address. A vector truth value is a `vi<w>` of 0 and -1. GCC, Clang and what
 * calls itself like them understand it; where they differ, or C leaves something open (conversions out of range, which
 * of two zeros is the larger), it is spelled out, because every bit has to be that of WebAssembly.
 */

const scalars = `
#include <stdint.h>
#define INLINE static inline __attribute__((always_inline, unused))
typedef float uf1 __attribute__((aligned(1), may_alias));
typedef int ui1 __attribute__((aligned(1), may_alias));
typedef uint8_t ub1 __attribute__((may_alias));
#define AT(type, addr, offset) (*(type *)(base + (uint64_t)(uint32_t)(addr) + (uint64_t)(offset)))
INLINE float to_f1(int a) { union { int i; float f; } u = { .i = a }; return u.f; }
INLINE int to_i1(float a) { union { float f; int i; } u = { .f = a }; return u.i; }
INLINE float lower1(float a, float b) { return a < b ? a : b; }
INLINE float higher1(float a, float b) { return a > b ? a : b; }
INLINE float fmin1(float a, float b) { return to_f1(to_i1(lower1(a, b)) | to_i1(lower1(b, a))); }
INLINE float fmax1(float a, float b) {
  const int t = to_i1(higher1(a, b)), x = t ^ to_i1(higher1(b, a));
  return to_f1(t | x) - to_f1(x);
}
INLINE int f2i1(float a) {
  if (a >= 2147483648.0f) return 2147483647;
  if (a >= -2147483648.0f) return (int)a;
  return a < -2147483648.0f ? -2147483647 - 1 : 0;
}
INLINE int idiv1(int a, int b) { return (unsigned)b + 1u < 2u ? a * b : a / b; }
INLINE int irem1(int a, int b) { return (unsigned)b + 1u < 2u ? 0 : a % b; }
/* HERE(x): the vector is computed at this place, not later. */
#if defined(__AVX512F__)
#define HERE(x) __asm__ volatile("" : "+v"(x))
#elif defined(__x86_64__)
#define HERE(x) __asm__ volatile("" : "+x"(x))
#elif defined(__aarch64__)
#define HERE(x) __asm__ volatile("" : "+w"(x))
#else
#define HERE(x) (void)0
#endif
#if defined(__clang__)
#define SHUFFLE(w, a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define SHUFFLE(w, a, b, ...) __builtin_shuffle(a, b, (vi##w){__VA_ARGS__})
#endif
`;

/** How x64 says some primitives for a width; `undefined` where the general way is as good. */
interface X64 {
  readonly lower: string;
  readonly higher: string;
  readonly select: string;
  readonly round: (mode: number) => string;
  readonly sqrt: string;
}

const x64: Readonly<Record<number, X64>> = {
  4: {
    lower: "__builtin_ia32_minps(a, b)",
    higher: "__builtin_ia32_maxps(a, b)",
    select: "__builtin_ia32_blendvps(b, a, (vf4)m)",
    round: (mode) => `__builtin_ia32_roundps(a, ${mode})`,
    sqrt: "__builtin_ia32_sqrtps(a)",
  },
  8: {
    lower: "__builtin_ia32_minps256(a, b)",
    higher: "__builtin_ia32_maxps256(a, b)",
    select: "__builtin_ia32_blendvps256(b, a, (vf8)m)",
    round: (mode) => `__builtin_ia32_roundps256(a, ${mode})`,
    sqrt: "__builtin_ia32_sqrtps256(a)",
  },
  16: {
    lower: "select_f16(a < b, a, b)",
    higher: "select_f16(a > b, a, b)",
    select: "(vf16)((m & (vi16)a) | (~m & (vi16)b))",
    round: (mode) => `__builtin_ia32_rndscaleps_mask(a, ${mode}, a, -1, 4)`,
    sqrt: "__builtin_ia32_sqrtps512_mask(a, a, -1, 4)",
  },
};

/** The macro that says a width has instructions of its own on x64. */
const x64Macro: Readonly<Record<number, string>> = { 4: "__SSE4_1__", 8: "__AVX__", 16: "__AVX512F__" };

/** Rounding: the scalar function, and the mode of x64's instruction (no exception is raised). */
const rounding = [
  ["floor", "__builtin_floorf", 9],
  ["ceil", "__builtin_ceilf", 10],
  ["trunc", "__builtin_truncf", 11],
  ["nearest", "__builtin_rintf", 8],
] as const;

/** The lowest byte of each lane. GCC takes the conversion of narrow vectors apart, lane by lane. */
function toBytes(w: number): string {
  const general = `return __builtin_convertvector(a, vb${w});`;
  if (w > 8) return general;
  const lowest = Array.from({ length: w }, (_, l) => 4 * l).join(", ");
  return `
#if defined(__clang__) || __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
  ${general}
#else
  typedef uint8_t bytes __attribute__((vector_size(${4 * w})));
  const bytes x = __builtin_shuffle((bytes)a, (bytes){${lowest}});
  vb${w} r;
  __builtin_memcpy(&r, &x, ${w});
  return r;
#endif
`;
}

/** Bytes as lanes. */
function fromBytes(w: number): string {
  const general = `return __builtin_convertvector(*(const ub${w} *)p, vi${w});`;
  const widen = { 4: ["__SSE4_1__", "pmovzxbd128", "int"], 8: ["__AVX2__", "pmovzxbd256", "long long"] }[w];
  if (widen === undefined) return general;
  const [macro, name, type] = widen;
  return `
#if defined(${macro}) && !defined(__clang__)
  typedef char bytes __attribute__((vector_size(16)));
  typedef ${type} some __attribute__((aligned(1), may_alias));
  typedef ${type} all __attribute__((vector_size(16)));
  return __builtin_ia32_${name}((bytes)(all){*(const some *)p});
#else
  ${general}
#endif
`;
}

function vectors(w: number): string {
  const [f, i, u] = [`vf${w}`, `vi${w}`, `vu${w}`];
  const fast = x64[w]!;
  const each = (call: string) => `${f} r; for (int l = 0; l < ${w}; l++) r[l] = ${call}(a[l]); return r;`;
  const eachOfTwo = (call: string) =>
    `${i} r; for (int l = 0; l < ${w}; l++) r[l] = ${call}(a[l], b[l]); return r;`;
  const types = [
    ["f", "float", 4 * w],
    ["i", "int", 4 * w],
    ["u", "unsigned", 4 * w],
    ["b", "uint8_t", w],
  ] as const;
  const lanes = (x: string) => Array.from({ length: w }, () => x).join(", ");
  const on = `#if defined(${x64Macro[w]}) && !defined(__clang__)`;
  const choose = (here: string, elsewhere: string) => `\n${on}\n  ${here}\n#else\n  ${elsewhere}\n#endif\n`;
  return `
${types.map(([t, type, bytes]) => `typedef ${type} v${t}${w} __attribute__((vector_size(${bytes})));`).join("\n")}
${types.map(([t, type, bytes]) => `typedef ${type} u${t}${w} __attribute__((vector_size(${bytes}), aligned(1), may_alias));`).join("\n")}
INLINE ${f} all_f${w}(float x) { return (${f}){${lanes("x")}}; }
INLINE ${i} all_i${w}(int x) { return (${i}){${lanes("x")}}; }
INLINE ${f} select_f${w}(${i} m, ${f} a, ${f} b) {${choose(
    `return ${fast.select};`,
    `return (${f})((m & (${i})a) | (~m & (${i})b));`,
  )}}
INLINE ${i} select_i${w}(${i} m, ${i} a, ${i} b) { return (${i})select_f${w}(m, (${f})a, (${f})b); }
INLINE ${f} lower${w}(${f} a, ${f} b) {${choose(`return ${fast.lower};`, `return select_f${w}((${i})(a < b), a, b);`)}}
INLINE ${f} higher${w}(${f} a, ${f} b) {${choose(`return ${fast.higher};`, `return select_f${w}((${i})(a > b), a, b);`)}}
INLINE ${f} fmin${w}(${f} a, ${f} b) { return (${f})((${i})lower${w}(a, b) | (${i})lower${w}(b, a)); }
INLINE ${f} fmax${w}(${f} a, ${f} b) {
  const ${i} t = (${i})higher${w}(a, b), x = t ^ (${i})higher${w}(b, a);
  return (${f})(t | x) - (${f})x;
}
${rounding
  .map(
    ([name, scalar, mode]) =>
      `INLINE ${f} ${name}${w}(${f} a) {${choose(`return ${fast.round(mode)};`, each(scalar))}}`,
  )
  .join("\n")}
INLINE ${f} sqrt${w}(${f} a) {${choose(`return ${fast.sqrt};`, each("__builtin_sqrtf"))}}
INLINE ${f} abs${w}(${f} a) { return (${f})((${i})a & 0x7fffffff); }
INLINE ${i} f2i${w}(${f} a) {
  const ${f} top = all_f${w}(2147483648.0f);
  const ${i} in = (${i})(a >= -top) & (${i})(a < top);
  const ${i} r = __builtin_convertvector((${f})((${i})a & in), ${i});
  return r | ((${i})(a >= top) & 0x7fffffff) | ((${i})(a < -top) & (-2147483647 - 1));
}
INLINE ${f} i2f${w}(${i} a) { return __builtin_convertvector(a, ${f}); }
INLINE ${f} u2f${w}(${i} a) { return __builtin_convertvector((${u})a, ${f}); }
INLINE vb${w} to_bytes${w}(${i} a) { ${toBytes(w)} }
INLINE ${i} from_bytes${w}(const void *p) { ${fromBytes(w)} }
INLINE ${i} idiv${w}(${i} a, ${i} b) { ${eachOfTwo("idiv1")} }
INLINE ${i} irem${w}(${i} a, ${i} b) { ${eachOfTwo("irem1")} }
INLINE ${i} first${w}(${i} a, int count) {
  return a & (${i})(all_i${w}(count) > (${i}){${Array.from({ length: w }, (_, l) => l).join(", ")}});
}
`;
}

/** The prelude for vectors of the given widths. */
export function prelude(widths: readonly number[]): string {
  return [scalars, ...widths.map(vectors)].join("");
}
