import { Command, InvalidArgumentError } from "commander";
import { WorkspaceEmulator } from "../emulator";
import { ConfigurationError } from "../errors";
import { print } from "./output";

/** `workspace-images emulate`: serves the emulator. */
export function emulateCommand(): Command {
  return new Command("emulate")
    .description("Serves an emulator of the Workspace image listing and IAM on loopback, until Ctrl-C.")
    .option("--port <port>", "port (default: any that is free)", portNumber, 0)
    .option("--json", "print one JSON object: variables and projects")
    .addHelpText(
      "after",
      `
Examples:
  workspace-images emulate --port 4566
  eval "$(workspace-images emulate --port 4566 &)"; cdktf synth

Publish an image, as a new release would be:
  curl -d '{"name":"Windows_11_Enterprise_24H2_64bit_Workspace_20260101","image_type":"gold",
            "os_type":"Windows","os_version":"Windows 11 Enterprise 24H2 64bit","min_disk":100}' \\
    http://127.0.0.1:4566/emulator/cn-north-4/images`,
    )
    .action(async ({ port, json }: { port: number; json?: boolean }) => {
      const emulator = await start(port);
      const projects = Object.fromEntries(
        emulator.regions.map((region) => [region, emulator.projectId(region)]),
      );
      if (json) {
        print(JSON.stringify({ url: emulator.url, variables: emulator.variables, projects }));
      } else {
        for (const [name, value] of Object.entries(emulator.variables)) print(`export ${name}=${value}`);
        for (const [region, project] of Object.entries(projects)) print(`# ${region}: project ${project}`);
      }
      await new Promise<void>((resolve) => {
        process.once("SIGINT", resolve).once("SIGTERM", resolve);
      });
      await emulator.close();
    });
}

async function start(port: number): Promise<WorkspaceEmulator> {
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
