/** @file `npm run build`: installs what is missing and compiles src/ to dist/. */
import { build, install } from "./setup.mjs";

install();
build();
