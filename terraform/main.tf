# What is wrong with the lock file is said once, there, and nothing here is then evaluated.
module "lock" {
  source      = "./lock"
  lock_file   = var.lock_file
  environment = var.environment
  region      = var.region
  pins        = var.pins
}

locals {
  lock = module.lock.content

  # Every attribute has its type also where the image lacks it, so that all images are of one type.
  images = {
    for name, pin in local.lock.pins : name => [
      for image in pin.images : {
        id           = image.id
        name         = tostring(try(image.name, null))
        image_type   = tostring(try(image.imageType, null))
        os_type      = tostring(try(image.osType, null))
        os_version   = tostring(try(image.osVersion, null))
        architecture = tostring(try(image.architecture, null))
        disk_format  = tostring(try(image.diskFormat, null))
        min_ram      = tonumber(try(image.minRam, null))
        min_disk     = tonumber(try(image.minDisk, null))
        product_code = tostring(try(image.productCode, null))
        created_at   = tostring(try(image.createdAt, null))
        kms_id       = tostring(try(image.kmsId, null))
      }
    ]
  }

  of_all = toset([for name, pin in local.lock.pins : name if try(pin.all, false)])
  of_one = setsubtract(keys(local.lock.pins), local.of_all)
}
