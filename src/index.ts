export { ApiError } from "./api/api-error";
export { type ImageLookup, type Mode, type PrefetchOptions, WorkspaceImageCatalog } from "./catalog/catalog";
export {
  DataHuaweicloudWorkspaceImage,
  type DataHuaweicloudWorkspaceImageConfig,
} from "./constructs/data-huaweicloud-workspace-image";
export {
  DataHuaweicloudWorkspaceImages,
  type DataHuaweicloudWorkspaceImagesConfig,
} from "./constructs/data-huaweicloud-workspace-images";
export type { LookupConfig } from "./constructs/lookup";
export { type ImageAccessors, SelectedImage } from "./constructs/selected-image";
export type { Check, SkippedChecks } from "./desktops/skipped-checks";
export * from "./errors";
export type {
  Cardinality,
  ImageFilter,
  ListingQuery,
  SingleImageFilter,
  SortField,
  SortType,
} from "./images/image-filter";
export type {
  Architecture,
  DiskFormat,
  DocumentedImageField,
  ImageType,
  OpenUnion,
  OsType,
  WorkspaceImage,
} from "./images/workspace-image";
export type { EnvironmentConfig, PromotionPolicy } from "./project/environment";
