variables {
  lock_file   = "tests/dev.lock.json"
  environment = "dev"
}

run "another_environment_stops_the_plan" {
  command = plan

  module {
    source = "./lock"
  }

  variables {
    environment = "prod"
  }

  expect_failures = [output.content]
}

run "another_region_stops_the_plan" {
  command = plan

  module {
    source = "./lock"
  }

  variables {
    region = "cn-south-1"
  }

  expect_failures = [output.content]
}

run "an_unknown_pin_stops_the_plan" {
  command = plan

  module {
    source = "./lock"
  }

  variables {
    pins = ["office-windows", "typo"]
  }

  expect_failures = [output.content]
}

run "a_pin_of_all_where_one_is_asked_for_stops_the_plan" {
  command = plan

  module {
    source = "./lock"
  }

  variables {
    pins = ["developer-ubuntu"]
  }

  expect_failures = [output.content]
}

run "a_file_that_is_not_there_stops_the_plan" {
  command = plan

  module {
    source = "./lock"
  }

  variables {
    lock_file = "tests/prod.lock.json"
  }

  expect_failures = [output.content]
}

run "what_is_no_lock_file_stops_the_plan" {
  command = plan

  module {
    source = "./lock"
  }

  variables {
    lock_file = "README.md"
  }

  expect_failures = [output.content]
}
