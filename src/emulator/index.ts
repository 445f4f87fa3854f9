export { DEFAULT_ACCOUNT, type EmulatedAccount } from "./accounts";
export { builtInImages, type EmulatedImage, imageIdOf } from "./built-in-images";
export { type AnsweredRequest, WorkspaceEmulator } from "./emulator";
export type { EmulatorOptions } from "./emulator-options";
export type { EmulatedRequest, EmulatedService, ErrorShape, Fault } from "./faults";
