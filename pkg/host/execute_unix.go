//go:build unix

package host

import (
	"os/exec"
	"syscall"
)

func shellCommand() []string { return []string{"/bin/sh", "-c"} }

// ownGroup makes the command the head of a process group, so that killGroup ends
// what it started, too.
func ownGroup(x *exec.Cmd) { x.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

func killGroup(x *exec.Cmd) { syscall.Kill(-x.Process.Pid, syscall.SIGKILL) }
