//go:build !unix

package host

import "os/exec"

func shellCommand() []string { return []string{"cmd", "/C"} }

func ownGroup(*exec.Cmd) {}

func killGroup(x *exec.Cmd) { x.Process.Kill() }
