// Khronos validator on one file: node validate_gltf.mjs FILE -> its report as JSON on stdout.
import { readFile } from "node:fs/promises";
import { validateBytes } from "gltf-validator";

const path = process.argv[2];
const report = await validateBytes(new Uint8Array(await readFile(path)), { uri: "clip.glb", maxIssues: 100 });
process.stdout.write(JSON.stringify(report));
