// Package host says what a program runs on, and by which instructions: for records of
// trainings and for the command line.
package host

import (
	"cmp"
	"runtime"
	"runtime/debug"
	"slices"

	"github.com/klauspost/cpuid/v2"

	"github.com/spikegrad/spikegrad/internal/cpu"
	"github.com/spikegrad/spikegrad/internal/gemm"
	"github.com/spikegrad/spikegrad/internal/jit"
)

// A Host is a computer, and how this program uses it.
type Host struct {
	System     string `json:"system"` // operating system and architecture
	CPU        string `json:"cpu"`    // its name, "unknown" where the processor does not say it, as none of arm64 does
	Cores      int    `json:"cores"`
	GoMaxProcs int    `json:"gomaxprocs"`
	Kernels    string `json:"kernels"`  // instruction set of what runs over vectors; "Go" for none
	Products   string `json:"products"` // of matrix products: the same, or a library's name
	Code       string `json:"code"`     // instruction set that scans are written in as machine code; "none" where kernels run
	Go         string `json:"go"`
	Spikegrad  string `json:"spikegrad"` // version of this library
}

// This returns that of the program that asks. What a test or the environment has put in
// force counts, not what the processor could do.
func This() Host {
	return Host{
		System: runtime.GOOS + "/" + runtime.GOARCH, CPU: cmp.Or(cpuid.CPU.BrandName, "unknown"), Cores: runtime.NumCPU(),
		GoMaxProcs: runtime.GOMAXPROCS(0), Kernels: cpu.Kernels().String(), Products: gemm.InForce(), Code: jit.InForce(),
		Go: runtime.Version(), Spikegrad: Version(),
	}
}

// Scans says how neurons are computed over time.
func (h Host) Scans() string {
	if h.Code == "none" {
		return "kernels, " + h.Kernels
	}
	return "machine code, " + h.Code
}

const modulePath = "github.com/spikegrad/spikegrad"

// Version returns the version of this library in the program that runs, "unknown" where
// it was built without one.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if info.Main.Path == modulePath {
		return info.Main.Version
	}
	i := slices.IndexFunc(info.Deps, func(m *debug.Module) bool { return m.Path == modulePath })
	if i < 0 {
		return "unknown"
	}
	return info.Deps[i].Version
}
