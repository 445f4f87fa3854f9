#!/usr/bin/env node
import { EXIT } from "./answers";
import { printError } from "./output";
import { runProgram } from "./program";

for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", ({ code, message }: NodeJS.ErrnoException) => {
    // Whoever closes a pipe has read enough, as in: workspace-images list | head -1
    if (code === "EPIPE") return;
    process.exitCode = EXIT.unanswered;
    if (stream === process.stdout) printError(`The output cannot be written: ${message}.`);
  });
}

void runProgram(process.argv.slice(2));
