package train

import (
	"unsafe"

	"golang.org/x/sys/windows"
)

// memoryStatus is MEMORYSTATUSEX of sysinfoapi.h.
type memoryStatus struct {
	size, load                uint32
	physical, freePhysical    uint64
	pageFile, freePageFile    uint64
	virtual, freeVirtual, ext uint64
}

// PhysicalMemory is this machine's memory in bytes; 0 if it is not known.
func PhysicalMemory() int64 {
	get := windows.NewLazySystemDLL("kernel32.dll").NewProc("GlobalMemoryStatusEx")
	if get.Find() != nil {
		return 0
	}
	var status memoryStatus
	status.size = uint32(unsafe.Sizeof(status))
	if ok, _, _ := get.Call(uintptr(unsafe.Pointer(&status))); ok == 0 {
		return 0
	}
	return int64(status.physical)
}
