module aro

go 1.26
