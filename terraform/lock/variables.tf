variable "lock_file" {
  type     = string
  nullable = false
}

variable "environment" {
  type     = string
  nullable = false
}

variable "region" {
  type    = string
  default = null
}

variable "pins" {
  type     = set(string)
  default  = []
  nullable = false
}
