# The content of a lock file, or one sentence that says why it is not used. Each condition holds where an earlier
# one does not, so that it is one sentence alone.
locals {
  text = try(file(var.lock_file), null)

  is_conflicted = can(regex("(?m)^(<{7}|={7}|>{7})", local.text))
  content       = local.is_conflicted ? null : try(jsondecode(local.text), null)

  version       = try(tonumber(local.content.lockfileVersion), null)
  is_of_version = local.version == 1

  is_complete = local.is_of_version ? try(alltrue(concat(
    [for text in [local.content.environment, local.content.region, local.content.projectId] : length(text) > 0],
    [for pin in values(local.content.pins) : length(pin.pinnedAt) > 0],
    [for pin in values(local.content.pins) : try(pin.all, false) || length(pin.images) == 1],
    flatten([for pin in values(local.content.pins) : [for image in pin.images : length(image.id) > 0]]),
  )), false) : false

  is_of_environment = local.is_complete ? local.content.environment == var.environment : false
  is_of_region      = local.is_of_environment ? var.region == null || local.content.region == var.region : false

  pins    = { for name, pin in try(local.content.pins, {}) : name => pin if local.is_of_region }
  known   = join(", ", sort(keys(local.pins)))
  missing = [for name in sort(var.pins) : name if local.is_of_region && !contains(keys(local.pins), name)]
  of_all  = [for name in var.pins : name if try(local.pins[name].all, false)]

  restore = "Restore it with: git checkout -- ${var.lock_file}"
}

output "content" {
  value = local.content

  precondition {
    condition     = local.text != null
    error_message = "There is no lock file ${var.lock_file}, or it cannot be read. Take the pins and commit them: npx workspace-images pin --env ${var.environment}"
  }

  precondition {
    condition     = !local.is_conflicted
    error_message = "The lock file ${var.lock_file} has merge-conflict markers. Settle them with: npx workspace-images resolve"
  }

  precondition {
    condition     = local.text == null || local.is_conflicted || local.content != null
    error_message = "The lock file ${var.lock_file} is not JSON. ${local.restore}"
  }

  precondition {
    condition     = local.content == null || local.version != null
    error_message = "${var.lock_file} is not a lock file of cdktf-huaweicloud-workspace-images: it has no lockfileVersion. See lock_file of this module."
  }

  precondition {
    condition     = local.version == null || local.is_of_version
    error_message = "The lock file ${var.lock_file} has lockfileVersion ${coalesce(local.version, 0)}, but this module reads 1. Use the module of the package that wrote it: npm install cdktf-huaweicloud-workspace-images@latest"
  }

  precondition {
    condition     = !local.is_of_version || local.is_complete
    error_message = "The lock file ${var.lock_file} is damaged: its environment, region or projectId is missing, or a pin has no time or not the images that it must have. ${local.restore}"
  }

  precondition {
    condition     = !local.is_complete || local.is_of_environment
    error_message = "The lock file ${var.lock_file} holds the pins of environment \"${try(local.content.environment, "")}\", but environment \"${var.environment}\" is asked for. Correct lock_file or environment of this module."
  }

  precondition {
    condition     = !local.is_of_environment || local.is_of_region
    error_message = "The lock file ${var.lock_file} holds images of region \"${try(local.content.region, "")}\", but region \"${coalesce(var.region, "-")}\" is asked for: an image ID means nothing in another region. Correct lock_file or region of this module."
  }

  precondition {
    condition     = length(local.missing) == 0
    error_message = "The lock file ${var.lock_file} has no pin ${join(", ", [for name in local.missing : "\"${name}\""])}. It has: ${local.known == "" ? "none" : local.known}. Correct pins of this module, or take the pin: npx workspace-images pin --env ${var.environment}"
  }

  precondition {
    condition     = length(local.of_all) == 0
    error_message = "Pins of all images that match, where one image is asked for: ${join(", ", local.of_all)}. Read them from the output all, and leave them out of pins of this module; or narrow the lookup to one image, without all."
  }
}
