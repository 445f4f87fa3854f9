variables {
  lock_file   = "tests/dev.lock.json"
  environment = "dev"
}

run "ids_are_those_of_pins_of_one_image" {
  command = plan

  assert {
    condition     = output.ids == tomap({ "office-windows" = "windows-11" })
    error_message = "ids must hold the pins of one image, and no others"
  }
}

run "images_are_in_snake_case_and_complete" {
  command = plan

  assert {
    condition = output.images["office-windows"] == {
      id           = "windows-11"
      name         = "Windows_11_24H2"
      image_type   = "gold"
      os_type      = "Windows"
      os_version   = "Windows 11 Enterprise 24H2 64bit"
      architecture = "x86"
      disk_format  = "zvhd2"
      min_ram      = 0
      min_disk     = 100
      product_code = "workspace.windows.11"
      created_at   = "2025-09-09T02:30:00Z"
      kms_id       = tostring(null)
    }
    error_message = "every field of the image must be there, null where the lock file has none"
  }
}

run "all_holds_the_pins_of_all_images_in_their_order" {
  command = plan

  assert {
    condition     = join(" ", keys(output.all)) == "developer-ubuntu nothing-yet"
    error_message = "all must hold the pins of all images, and no others"
  }

  assert {
    condition     = join(" ", output.all["developer-ubuntu"][*].id) == "ubuntu-22 ubuntu-24"
    error_message = "the order must be that of the lock file"
  }

  assert {
    condition     = output.all["developer-ubuntu"][1].min_disk == null
    error_message = "what an image lacks must be null"
  }

  assert {
    condition     = length(output.all["nothing-yet"]) == 0
    error_message = "a pin of all images may hold none"
  }
}

run "lock_says_where_and_when" {
  command = plan

  assert {
    condition     = output.lock.environment == "dev" && output.lock.region == "cn-north-4" && output.lock.project_id == "0123456789abcdef0123456789abcdef"
    error_message = "lock must say where the images are"
  }

  assert {
    condition     = output.lock.pinned_at["office-windows"] == "2026-11-23T21:00:00Z"
    error_message = "lock must say when a pin was taken"
  }
}

run "region_and_pins_that_fit_are_accepted" {
  command = plan

  variables {
    region = "cn-north-4"
    pins   = ["office-windows"]
  }

  assert {
    condition     = length(output.ids) == 1
    error_message = "a fitting region and a known pin must be accepted"
  }
}
