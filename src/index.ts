export { ApiError } from "./api/api-error";
export {
  DataHuaweicloudWorkspaceImage,
  type DataHuaweicloudWorkspaceImageConfig,
} from "./constructs/data-huaweicloud-workspace-image";
export {
  DataHuaweicloudWorkspaceImages,
  type DataHuaweicloudWorkspaceImagesConfig,
  type LookupConfig,
} from "./constructs/data-huaweicloud-workspace-images";
export type { EnvironmentConfig, OnStalePin } from "./project/environment";
export * from "./errors";
export { type ImageLookup, type Mode, type PrefetchOptions, WorkspaceImageCatalog } from "./catalog/catalog";
export type {
  Cardinality,
  ImageFilter,
  ListingQuery,
  SingleImageFilter,
  SortField,
  SortType,
} from "./images/image-filter";
export { SelectedImage } from "./constructs/selected-image";
export type {
  Architecture,
  DiskFormat,
  ImageType,
  OpenUnion,
  OsType,
  WorkspaceImage,
} from "./images/workspace-image";
