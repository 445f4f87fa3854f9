variable "lock_file" {
  description = "Path of the environment's lock file, such as \"$${path.root}/workspace-images/prod.lock.json\"."
  type        = string
  nullable    = false
}

variable "environment" {
  description = "Name of the environment whose pins are wanted: a lock file of another one is refused."
  type        = string
  nullable    = false
}

variable "region" {
  description = "Region that the resources are in: a lock file of another one is refused. Not compared if null."
  type        = string
  default     = null
}

variable "pins" {
  description = "Names of the pins of one image that are used: each must be in the lock file."
  type        = set(string)
  default     = []
  nullable    = false
}
