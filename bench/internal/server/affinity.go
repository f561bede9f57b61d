//go:build linux

package server

import (
	"runtime"
	"syscall"
	"unsafe"
)

// Cores says where a server and where its load run; the same core twice on a
// machine that has only one.
func Cores() (server, load int) {
	if runtime.NumCPU() < 2 {
		return 0, 0
	}
	return 0, 1
}

func setAffinity(thread, core int) error {
	var mask [16]uint64
	mask[core/64] = 1 << (core % 64)
	_, _, e := syscall.RawSyscall(syscall.SYS_SCHED_SETAFFINITY, uintptr(thread), unsafe.Sizeof(mask), uintptr(unsafe.Pointer(&mask)))
	if e != 0 {
		return e
	}
	return nil
}

// OnCore runs f on a thread that is bound to a core; processes that f starts are
// bound as well. The thread is thrown away afterwards.
func OnCore(core int, f func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		if err := setAffinity(0, core); err != nil {
			done <- err
			return
		}
		done <- f()
	}()
	return <-done
}
