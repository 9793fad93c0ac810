/** The reference backend: the oracle for values and gradients. Slow and obvious, float64 inside, float32 at the edges. */
import type {
  Binding,
  DeviceBuffer,
  Executable,
  MemoryReport,
  ProgramBackend,
  RunResult,
} from "../../ir/backend.ts";
import type { DType, TypedArray } from "../../ir/dtype.ts";
import { arrayOf, toTyped } from "../../ir/dtype.ts";
import { internal } from "../../ir/errors.ts";
import type { Program } from "../../ir/program.ts";
import { checkAllocation } from "../allocation.ts";
import { evaluateProgram } from "./evaluate.ts";

export { type Arguments, type Evaluated, evaluateProgram } from "./evaluate.ts";

class HostBuffer implements DeviceBuffer {
  readonly dtype: DType;
  readonly count: number;
  readonly #live: Set<HostBuffer>;
  #data: TypedArray | undefined;

  constructor(dtype: DType, count: number, live: Set<HostBuffer>) {
    this.dtype = dtype;
    this.count = count;
    this.#data = arrayOf[dtype](count);
    this.#live = live;
    live.add(this);
  }

  /** The content itself. */
  get data(): TypedArray {
    return this.#data ?? internal("a buffer was used after its release");
  }

  read(): TypedArray {
    return this.data.slice();
  }

  write(values: ArrayLike<number>, at = 0): void {
    this.data.set(toTyped(this.dtype, values), at);
  }

  release(): void {
    this.#data = undefined;
    this.#live.delete(this);
  }
}

const contentOf = (x: TypedArray | DeviceBuffer): TypedArray =>
  x instanceof HostBuffer ? x.data : (x as TypedArray);

/** Evaluates programs in float64; outputs and variables are rounded to their own types. */
export class ReferenceBackend implements ProgramBackend {
  readonly name = "reference";
  readonly runs = "program";
  readonly threads = 1;
  readonly #live = new Set<HostBuffer>();

  allocate(dtype: DType, count: number, content?: ArrayLike<number>): DeviceBuffer {
    checkAllocation(count, content);
    const made = new HostBuffer(dtype, count, this.#live);
    if (content) made.write(content);
    return made;
  }

  memory(): MemoryReport {
    const bytes = [...this.#live].reduce((sum, b) => sum + b.data.byteLength, 0);
    return { buffers: this.#live.size, bytes, reserved: bytes };
  }

  release(): void {}

  prepare(program: Program): Executable {
    const outputs = program.outputs.map((i) => {
      const { shape, dtype } = program.nodes[i]!;
      return { shape, dtype };
    });
    return {
      outputs,
      run: (binding: Binding): RunResult => {
        const variables = binding.variables.map(contentOf);
        const inputs = binding.inputs.map(contentOf);
        const result = evaluateProgram(program, { inputs, variables, sizes: binding.sizes });
        if (result.guard) {
          for (const [i, e] of program.effects.entries()) {
            binding.variables[e.variable]!.write(result.effects[i]!);
          }
        }
        return {
          outputs: result.outputs.map((data, i) => toTyped(outputs[i]!.dtype, data)),
          committed: result.guard,
          interrupted: false,
        };
      },
      release: () => {},
    };
  }
}
