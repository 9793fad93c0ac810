/** The training in a process of its own; prints the hashes as JSON. */
import * as tendril from "tendril";
import * as data from "tendril/data";
import { trainAll } from "./training.mjs";

process.stdout.write(JSON.stringify(await trainAll(tendril, data)));
