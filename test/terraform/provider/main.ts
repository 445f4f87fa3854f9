/**
 * A stand-in for the provider, started by Terraform: it speaks the plugin protocol, has the real provider's schema, and
 * plans as that does. It knows no service: what it plans is applied, and stands in Terraform's state alone.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  type handleUnaryCall,
  loadPackageDefinition,
  Server,
  ServerCredentials,
  type ServiceClientConstructor,
  type UntypedHandleCall,
} from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { applyPlan, planChange, type Step } from "./planning";
import { readSchema, schemasMessage } from "./schema";
import { decodeValue, type EncodedValue, encodeValue, type Values } from "./values";

// When it is bundled, this stands for the folder of this file.
const ROOT = join(__dirname, "../../..");
const schema = readSchema(ROOT);

/** What the provider's block says. */
let configuration: Values = {};

/** What the real provider read, when the plans were recorded. */
const recorded: readonly { type: string; mode: string; values: Values }[] = JSON.parse(
  readFileSync(join(ROOT, "test/desktops/plans/nothing.json"), "utf8"),
).prior_state.values.root_module.resources;

const region = () => String(configuration.region ?? process.env.HW_REGION_NAME ?? "");
const isForced = () => Boolean(configuration.enable_force_new ?? process.env.HW_ENABLE_FORCE_NEW === "true");
const recordedOf = (mode: string, type: string) =>
  recorded.find((resource) => resource.mode === mode && resource.type === type);
const blockOf = (type: string) => schema.resource_schemas[type]!.block;
const error = (summary: string) => ({ severity: 1, summary });

interface Typed {
  readonly type_name: string;
}

const provider = {
  GetSchema: () => schemasMessage(schema),
  PrepareProviderConfig: ({ config }: { config: EncodedValue }) => ({ prepared_config: config }),
  ValidateResourceTypeConfig: () => ({}),
  ValidateDataSourceConfig: () => ({}),
  Configure({ config }: { config: EncodedValue }) {
    configuration = decodeValue(config) ?? {};
    return {};
  },
  UpgradeResourceState: ({ raw_state }: { raw_state: EncodedValue }) => ({ upgraded_state: raw_state }),
  ReadResource: ({ current_state }: { current_state: EncodedValue }) => ({ new_state: current_state }),
  PlanResourceChange(change: Typed & { prior_state: EncodedValue; proposed_new_state: EncodedValue }) {
    const { type_name: type, prior_state: prior, proposed_new_state: proposed } = change;
    const { planned, replacing, refused } = planChange(
      type,
      blockOf(type),
      decodeValue(prior),
      decodeValue(proposed),
      isForced(),
    );
    return {
      planned_state: encodeValue(planned),
      requires_replace: replacing.map(pathMessage),
      diagnostics: refused.map((name) => error(`${name} can't be updated`)),
      // As the real provider: "" and null may stand for each other.
      legacy_type_system: true,
    };
  },
  ApplyResourceChange({ type_name: type, planned_state }: Typed & { planned_state: EncodedValue }) {
    const planned = decodeValue(planned_state);
    return {
      new_state: encodeValue(planned && applyPlan(blockOf(type), planned, region())),
      legacy_type_system: true,
    };
  },
  ImportResourceState({ type_name: type, id }: Typed & { id: string }) {
    const known = recordedOf("managed", type);
    if (!known) return { diagnostics: [error(`no ${type} was recorded`)] };
    // The provider never reads back of what type the image is.
    const state = { ...known.values, id, image_type: null };
    return { imported_resources: [{ type_name: type, state: encodeValue(state) }] };
  },
  ReadDataSource({ type_name: type, config }: Typed & { config: EncodedValue }) {
    const known = recordedOf("data", type);
    if (!known) return { diagnostics: [error(`no answer of ${type} was recorded`)] };
    const asked = Object.entries(decodeValue(config)!).filter(([, value]) => value !== null);
    return { state: encodeValue({ ...known.values, region: region(), ...Object.fromEntries(asked) }) };
  },
};

function pathMessage(path: readonly Step[]): object {
  return {
    steps: path.map((step) =>
      typeof step === "string" ? { attribute_name: step } : { element_key_int: step },
    ),
  };
}

/** The service of a protocol file. */
function service(file: string, path: readonly [string, string]) {
  const definition = loadSync(join(ROOT, "test/terraform/provider", file), { keepCase: true, longs: Number });
  const [packageName, name] = path;
  const loaded = loadPackageDefinition(definition)[packageName] as Record<string, ServiceClientConstructor>;
  return loaded[name]!.service;
}

/** Answers a request, or says what went wrong. */
function handler(answer: (request: never) => object): UntypedHandleCall {
  const handle: handleUnaryCall<unknown, object> = ({ request }, reply) => {
    try {
      reply(null, answer(request as never));
    } catch (problem) {
      reply(problem as Error);
    }
  };
  return handle;
}

const server = new Server();
server.addService(
  service("plugin.proto", ["tfplugin5", "Provider"]),
  Object.fromEntries(Object.entries(provider).map(([name, answer]) => [name, handler(answer)])),
);
server.addService(service("shutdown.proto", ["plugin", "GRPCController"]), {
  Shutdown: handler(() => {
    server.tryShutdown(() => process.exit());
    return {};
  }),
});
server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (problem, port) => {
  if (problem) throw problem;
  // Version of the hand-shake, of the protocol, where it listens, and what it speaks.
  console.log(`1|5|tcp|127.0.0.1:${port}|grpc`);
});

// Where Terraform was killed, nobody asks to end.
const { ppid } = process;
setInterval(() => process.ppid === ppid || process.exit(), 1_000).unref();
