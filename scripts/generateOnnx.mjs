/**
 * @file `npm run generate:onnx`: writes src/onnx/proto/onnx_pb.ts from onnx.proto (onnx-ml.proto of the ONNX project,
 * Apache-2.0). Needs the packages @bufbuild/buf and @bufbuild/protoc-gen-es, which npx fetches.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root, run } from "./setup.mjs";

const folder = mkdtempSync(join(tmpdir(), "crh-onnx-"));
const proto = join(root, "src", "onnx", "proto");
const template = join(folder, "buf.gen.yaml");
writeFileSync(
  template,
  `version: v2\nplugins:\n  - local: protoc-gen-es\n    out: ${proto}\n    opt: target=ts,import_extension=js\n`,
);
const packages = ["--package", "@bufbuild/buf", "--package", "@bufbuild/protoc-gen-es"];
run("npx", ["--yes", ...packages, "buf", "generate", proto, "--template", template]);
rmSync(folder, { recursive: true });
