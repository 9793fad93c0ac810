/** `tendril data`: what there is, where it was found, and getting it. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { temporaryFolder, tendril, tendrilJson } from "./kit.ts";

const folder = temporaryFolder();
afterAll(() => folder.remove());
const nowhere = join(folder.path, "nowhere");
const placesOf = (document: { name: string; found: string | null }[]) =>
  Object.fromEntries(document.map(({ name, found }) => [name, found]));

describe("tendril data", () => {
  test("lists images, points and graphs", async () => {
    const { document } = await tendrilJson(["data", "list", "--data", nowhere]);
    const places = placesOf(document);
    for (const name of ["digits", "moons", "karate", "trd"]) expect(places[name]).toBe("built in");
    for (const name of ["mnist", "cora", "citeseer", "mutag", "proteins", "enzymes", "trackml"])
      expect(places[name]).toBeNull();
  });

  test("what is in no folder that was named is an error", async () => {
    const { code, stderr } = await tendril(["data", "get", "cora", "--data", nowhere]);
    expect([code, /ind\.cora\.x is not in the folder/.test(stderr)]).toEqual([3, true]);
  });

  const shared = resolve("../shared/data");
  test.skipIf(!existsSync(shared))("graphs are found and read from folders (needs ../shared)", async () => {
    const names = ["cora", "citeseer", "mutag", "proteins", "enzymes", "trackml"];
    const { code, document } = await tendrilJson(["data", "get", ...names, "--data", shared]);
    expect(code).toBe(0);
    const at = (path: string) => join(shared, path);
    expect(placesOf(document)).toEqual({
      ...{ cora: at("planetoid/raw"), citeseer: at("planetoid/raw") },
      ...{ mutag: at("tudataset"), proteins: at("tudataset"), enzymes: at("tudataset") },
      trackml: at("trackml_hitgraphs"),
    });
  });
});
