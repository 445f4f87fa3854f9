import { Command, InvalidArgumentError } from "commander";
import type { WorkspaceEmulator } from "../emulator";
import { ConfigurationError } from "../errors";
import { print } from "./output";

/**
 * `workspace-images emulate`: serves the emulator.
 * @lazy
 */
export function emulateCommand(): Command {
  return new Command("emulate")
    .summary("serve an emulator of the service")
    .description(
      "Serves an emulator of the Workspace image listing and IAM on loopback, until Ctrl-C. Prints the variables that point this tool and the library at it, and how to publish an image.",
    )
    .option("--port <port>", "port (default: any that is free)", portNumber)
    .option("--json", "print one JSON object: url, variables, projects")
    .addHelpText(
      "after",
      `
Examples:
  In one terminal:
    workspace-images emulate --port 4566
  In another one, after pasting the export lines:
    workspace-images list --env dev

  In a script:
    workspace-images emulate > emulator.env &
    until [ -s emulator.env ]; do sleep 0.1; done
    . ./emulator.env
    workspace-images list --env dev
    kill $!`,
    )
    .action(async ({ port, json }: { port?: number; json?: boolean }) => {
      const emulator = await start(port ?? 0);
      const { url, variables, regions } = emulator;
      const projects = Object.fromEntries(regions.map((region) => [region, emulator.projectId(region)]));
      // At once, so that a script which finds the first line finds them all.
      print(json ? JSON.stringify({ url, variables, projects }) : startText(url, variables, projects));
      await new Promise<void>((resolve) => {
        process.once("SIGINT", resolve).once("SIGTERM", resolve);
      });
      await emulator.close();
    });
}

function startText(
  url: string,
  variables: Readonly<Record<string, string>>,
  projects: Readonly<Record<string, string>>,
): string {
  const [region] = Object.keys(projects);
  return [
    ...Object.entries(variables).map(([name, value]) => `export ${name}=${value}`),
    "# Regions and their projects:",
    ...Object.entries(projects).map(([name, project]) => `#   ${name} ${project}`),
    "# Publish an image, as a new release would be:",
    `#   curl ${url}/emulator/${region}/images -d '{"image_type":"gold",`,
    `#     "name":"Windows_11_Enterprise_25H2_64bit_Workspace_20260113",`,
    `#     "os_type":"Windows","os_version":"Windows 11 Enterprise 25H2 64bit",`,
    `#     "architecture":"x86","min_disk":100}'`,
    "# Delete one: curl -X DELETE with /<its ID> added to that URL. Ctrl-C ends this.",
  ].join("\n");
}

async function start(port: number): Promise<WorkspaceEmulator> {
  const { WorkspaceEmulator } = require("../emulator") as typeof import("../emulator");
  try {
    return await WorkspaceEmulator.start({ port });
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new ConfigurationError(
      code === "EADDRINUSE"
        ? `Port ${port} is in use: choose another with --port, or leave it out.`
        : `The emulator cannot listen on port ${port}: ${message}.`,
      { cause },
    );
  }
}

function portNumber(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port < 65536) return port;
  throw new InvalidArgumentError("It must be a port from 0 to 65535.");
}
