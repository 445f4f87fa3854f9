export { ApiError } from "./api/api-error";
export {
  DataHuaweicloudWorkspaceImage,
  type DataHuaweicloudWorkspaceImageConfig,
} from "./data-huaweicloud-workspace-image";
export {
  DataHuaweicloudWorkspaceImages,
  type DataHuaweicloudWorkspaceImagesConfig,
  type LookupConfig,
} from "./data-huaweicloud-workspace-images";
export type { EnvironmentConfig, OnStalePin } from "./environment";
export * from "./errors";
export { type ImageLookup, type Mode, type PrefetchOptions, WorkspaceImageCatalog } from "./image-catalog";
export type {
  Cardinality,
  ImageFilter,
  ListingQuery,
  SingleImageFilter,
  SortField,
  SortType,
} from "./image-filter";
export { SelectedImage } from "./selected-image";
export type {
  Architecture,
  DiskFormat,
  ImageType,
  OpenUnion,
  OsType,
  WorkspaceImage,
} from "./workspace-image";
