/** The two things that are global begin anew for each file of tests: files share their workers, and so the modules loaded. */
import { manualSeed } from "../../src/core/index.ts";
import { clearSession } from "../../src/nn/index.ts";

manualSeed(null);
clearSession();
