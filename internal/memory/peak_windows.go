package memory

import (
	"unsafe"

	"golang.org/x/sys/windows"
)

// memoryCounters is PROCESS_MEMORY_COUNTERS of psapi.h.
type memoryCounters struct {
	size                       uint32
	pageFaults                 uint32
	peakWorkingSet             uintptr
	workingSet                 uintptr
	peakPagedPool, pagedPool   uintptr
	peakNonPaged, nonPagedPool uintptr
	pagefile, peakPagefile     uintptr
}

// Peak returns the peak resident memory of the process, in bytes (the peak working set); 0 if
// unknown.
func Peak() int64 {
	get := windows.NewLazySystemDLL("kernel32.dll").NewProc("K32GetProcessMemoryInfo")
	if get.Find() != nil {
		return 0
	}
	var counters memoryCounters
	counters.size = uint32(unsafe.Sizeof(counters))
	ok, _, _ := get.Call(uintptr(windows.CurrentProcess()), uintptr(unsafe.Pointer(&counters)), uintptr(counters.size))
	if ok == 0 {
		return 0
	}
	return int64(counters.peakWorkingSet)
}
