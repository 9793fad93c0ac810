/** Rows of a CSV file as samples. */
import { type ReadCsvOptions, readNumericCsv } from "../../formats/csv.ts";
import { DataError } from "../../ir/errors.ts";
import { readFileBytes } from "../files.ts";
import { Dataset } from "./dataset.ts";

export interface CsvDatasetOptions extends ReadCsvOptions {
  /** The column of the labels, by name or number (from 0, or from the end); the last one unless given. */
  target?: string | number;
  /** Read empty fields as NaN instead of refusing them. */
  missing?: "error" | "nan";
}

/** A sample of a CSV file: the other columns as float32, and the label. */
export type CsvSample = readonly [x: Float32Array, y: number];

/**
 * The rows of a CSV file of numbers, as samples [x, y]. A path is read in Node only; bytes anywhere. The file is read at once,
 * and kept.
 *
 * @throws DataError where the file or the column is missing, FormatError for what is not a table of numbers.
 */
export async function csvDataset(
  source: string | Uint8Array,
  options: CsvDatasetOptions = {},
): Promise<Dataset<CsvSample>> {
  const name = options.name ?? (typeof source === "string" ? source : undefined);
  const bytes = typeof source === "string" ? await readFileBytes(source) : source;
  const { header, shape, data } = readNumericCsv(bytes, { ...options, name });
  const [rows, columns] = shape;
  const target = columnOf(options.target ?? -1, header, columns, name ?? "CSV");
  return Dataset.from(function* () {
    for (let i = 0; i < rows; i++) {
      const row = data.subarray(i * columns, (i + 1) * columns);
      const x = new Float32Array(columns - 1);
      x.set(row.subarray(0, target));
      x.set(row.subarray(target + 1), target);
      yield [x, row[target]!] as const;
    }
  }, rows);
}

function columnOf(
  target: string | number,
  header: readonly string[] | undefined,
  columns: number,
  name: string,
): number {
  const at =
    typeof target === "string" ? (header?.indexOf(target) ?? -1) : target < 0 ? target + columns : target;
  if (Number.isInteger(at) && at >= 0 && at < columns) return at;
  throw new DataError({
    where: name,
    problem: "there is no such column",
    expected: header ? `one of ${header.join(", ")}` : `a number from 0 to ${columns - 1}`,
    got: String(target),
    try: "target: the name or number of the column with the labels",
  });
}
