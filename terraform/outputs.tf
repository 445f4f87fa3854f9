output "ids" {
  description = "Image IDs of the pins of one image, by pin."
  value       = tomap({ for name in local.of_one : name => local.images[name][0].id })
}

output "images" {
  description = "Images of the pins of one image, by pin: id, name, image_type, os_type, os_version, architecture, disk_format, min_ram (MB), min_disk (GB), product_code, created_at, kms_id; null where the service does not say."
  value       = tomap({ for name in local.of_one : name => local.images[name][0] })
}

output "all" {
  description = "Images of the pins of all images that match, by pin: lists in the order of the lookup, of the same objects as in images."
  value       = { for name in local.of_all : name => tolist(local.images[name]) }
}

output "lock" {
  description = "Where and when the images were pinned: environment, region, project_id, and pinned_at by pin."
  value = {
    environment = local.lock.environment
    region      = local.lock.region
    project_id  = local.lock.projectId
    pinned_at   = tomap({ for name, pin in local.lock.pins : name => pin.pinnedAt })
  }
}
