package c_test

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/export/c"
	"github.com/spikegrad/spikegrad/internal/long"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/neurons"
)

// cores are processors of microcontrollers: with a unit for floats, and without one.
var cores = map[string][]string{
	"cortex-m4": {"-mcpu=cortex-m4", "-mthumb", "-mfpu=fpv4-sp-d16", "-mfloat-abi=hard"},
	"cortex-m0": {"-mcpu=cortex-m0", "-mthumb"},
}

// armed skips the test where there is no compiler for microcontrollers.
func armed(t *testing.T) string {
	t.Helper()
	cc, err := exec.LookPath("arm-none-eabi-gcc")
	if err != nil {
		t.Skip("arm-none-eabi-gcc is not installed (Debian: gcc-arm-none-eabi, libnewlib-arm-none-eabi)")
	}
	return cc
}

// Code for Cortex-M gives the numbers that networks have here, run by qemu.
func TestCortexM(t *testing.T) {
	cc := armed(t)
	qemu, err := exec.LookPath("qemu-arm")
	if err != nil {
		t.Skip("qemu-arm is not installed (Debian: qemu-user)")
	}
	long.Test(t)
	all := pairs(t)
	for core, flags := range cores {
		flags = append([]string{"-Os", "-nostartfiles", "--specs=nosys.specs", "-Wl,--no-warn-rwx-segments"}, flags...)
		t.Run(core, func(t *testing.T) {
			held(t, all, 1e-6, qemu, "-cpu", "max", compiled(t, cc, codes(all), flags...))
		})
	}
}

// What a network takes of a microcontroller is what Code says and some code, whose size the log
// has: go test -v shows it.
func TestSizesOnCortexM(t *testing.T) {
	long.Test(t) // four compilations
	cc := armed(t)
	net := layers.Sequential{
		layers.Linear{Out: 128}, layers.Lift(neurons.LIFStep, neurons.DefaultLIFParams()),
		layers.Linear{Out: 10}, layers.Lift(neurons.LIStep, neurons.DefaultLIParams()), layers.MaxOverTime,
	}
	dir := t.TempDir()
	for core, flags := range cores {
		for _, bits := range []int{0, 8} {
			code, err := c.Export(net, []int{784}, nil, c.Options{Bits: bits})
			require.NoError(t, err)
			require.NoError(t, code.WriteFiles(filepath.Join(dir, "net.c")))
			object := filepath.Join(dir, "net.o")
			args := slices.Concat(strict, flags, []string{"-Os", "-c", filepath.Join(dir, "net.c"), "-o", object})
			out, err := exec.Command(cc, args...).CombinedOutput()
			require.NoError(t, err, "%s", out)
			out, err = exec.Command(strings.Replace(cc, "gcc", "size", 1), object).Output()
			require.NoError(t, err)
			var text, data, bss int
			_, last, _ := strings.Cut(string(out), "\n")
			_, err = fmt.Sscan(last, &text, &data, &bss)
			require.NoError(t, err)
			require.Zero(t, data+bss) // all memory is the state
			program := text - code.Constants
			require.True(t, 200 < program && program < 4000, "%d bytes of code", program)
			t.Logf("%s, %d bits: %d bytes of flash, of which %d code; %d bytes of RAM", core, bits, text, program, code.State)
		}
	}
}
