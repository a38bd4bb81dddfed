package mpi

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/internal/long"
)

// alone makes a process that no launcher has started.
func alone(t *testing.T) {
	for _, name := range []string{"OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK", variable} {
		t.Setenv(name, "")
	}
}

// Without a launcher a process is the whole world: sums are what came, and nothing waits.
func TestWorldOfOne(t *testing.T) {
	alone(t)
	c, err := connect(launched())
	require.NoError(t, err)
	require.Equal(t, []any{0, 1, "one process, without MPI"}, []any{c.Rank(), c.Size(), c.String()})
	x, y, b := []float32{1, 2}, []float64{3}, []byte("ab")
	require.NoError(t, c.Sum32(x))
	require.NoError(t, c.Sum64(y))
	require.NoError(t, c.Broadcast(b))
	require.NoError(t, c.Barrier())
	require.NoError(t, c.Abort(1))
	all, err := c.Gather(b)
	require.NoError(t, err)
	require.Equal(t, []any{[]float32{1, 2}, []float64{3}, [][]byte{[]byte("ab")}}, []any{x, y, all})
	require.NoError(t, c.Close())
	require.NoError(t, c.Close())
	require.EqualError(t, c.Barrier(), "mpi: the world is closed")
}

// What World has not made has no processes, and every call is an error.
func TestNoWorld(t *testing.T) {
	for _, c := range []*Comm{nil, {}} {
		require.Equal(t, []any{0, 0, "no processes: World has not made this"}, []any{c.Rank(), c.Size(), c.String()})
		_, err := c.Gather(nil)
		for _, err := range []error{err, c.Sum32(nil), c.Sum64([]float64{1}), c.Broadcast(nil), c.Barrier(), c.Abort(1), c.Close()} {
			require.EqualError(t, err, "mpi: the Comm is nil or was not made by World")
		}
	}
}

func TestLaunched(t *testing.T) {
	alone(t)
	require.Equal(t, launcher{}, launched())
	t.Setenv("PMIX_RANK", "1")
	t.Setenv("SLURM_STEP_NUM_TASKS", "8")
	require.Equal(t, launcher{"PMIX_RANK", 8, true}, launched())
	t.Setenv("PMI_RANK", "0")
	t.Setenv("PMI_SIZE", "4")
	require.Equal(t, launcher{"PMI_RANK", 4, false}, launched())
	require.Equal(t, "libmpi.so.12", launched().candidates()[3], "MPICH started it")
	t.Setenv("OMPI_COMM_WORLD_RANK", "1")
	t.Setenv("OMPI_COMM_WORLD_SIZE", "")
	require.Equal(t, launcher{"OMPI_COMM_WORLD_RANK", 0, true}, launched())
	require.Equal(t, "libmpi.so.40", launched().candidates()[3])
	t.Setenv(variable, "libmine.so")
	require.Equal(t, []string{"libmine.so"}, launched().candidates())
}

// The numbers are those of mpi.h: of MPI 5.0 and of MPICH; Open MPI's are addresses.
func TestABI(t *testing.T) {
	none := func(string) uintptr { return 0 }
	a, err := abiOf("/opt/libmpi_abi.so.0", "MPICH Version: 5.0.0", func(string) uintptr { return 7 })
	require.NoError(t, err)
	require.Equal(t, abi{world: 257, float: 528, double: 532, bytes: 583, sum: 33, errorsReturn: 323, inPlace: 1}, a)
	for _, version := range []string{"MPICH Version: 4.0.2", "Intel(R) MPI Library 2021.11", "MVAPICH Version: 3.0"} {
		a, err = abiOf("libmpi.so.12", version, none)
		require.NoError(t, err)
		require.Equal(t, abi{world: 1140850688, float: 1275069450, double: 1275070475, bytes: 1275068685, sum: 1476395011, errorsReturn: 1409286145, inPlace: ^uintptr(0)}, a)
	}
	places := map[string]uintptr{"ompi_mpi_comm_world": 11, "ompi_mpi_float": 12, "ompi_mpi_double": 13, "ompi_mpi_byte": 14, "ompi_mpi_op_sum": 15, "ompi_mpi_errors_return": 16}
	symbol := func(name string) uintptr { return places[name] }
	a, err = abiOf("libmpi.so.40", "Open MPI v4.1.4", symbol)
	require.NoError(t, err)
	require.Equal(t, abi{11, 12, 13, 14, 15, 16, 1}, a)
	delete(places, "ompi_mpi_byte")
	_, err = abiOf("libmpi.so.40", "Open MPI v4.1.4", symbol)
	require.EqualError(t, err, "mpi: libmpi.so.40 has no ompi_mpi_byte, which Open MPI has")
	_, err = abiOf("libother.so", "Other MPI 1", none)
	require.EqualError(t, err, `mpi: libother.so is "Other MPI 1", want Open MPI, MPICH or one that is built like it, or libmpi_abi; SPIKEGRAD_MPI names another library`)
}

// What a launcher has started does not go on alone because its library is missing.
func TestNoLibrary(t *testing.T) {
	alone(t)
	t.Setenv(variable, "/nowhere/libmpi.so")
	_, err := connect(launched())
	require.ErrorContains(t, err, "mpi: ")
}

// A call that waits for others longer than it may returns, and later ones do not wait.
func TestTimeout(t *testing.T) {
	c := &Comm{rank: 1, size: 2, lib: &library{}, jobs: make(chan func()), Timeout: time.Millisecond}
	go func() {
		for job := range c.jobs {
			go job()
		}
	}()
	forever := make(chan struct{})
	defer close(forever)
	for range 2 {
		err := c.call(func() error { <-forever; return nil })
		require.ErrorIs(t, err, ErrTimeout)
		require.EqualError(t, err, "mpi: rank 1 of 2 waited 1ms: the other ranks did not come")
	}
}

// asRank, in the environment, makes a test binary a rank of TestRanks.
const asRank = "SPIKEGRAD_TEST_RANK"

func TestMain(m *testing.M) {
	if os.Getenv(asRank) == "" {
		os.Exit(m.Run())
	}
	if err := beRank(); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

// beRank is what each rank does: with r its number of P, sums, broadcasts and lists
// of which it knows what they must be.
func beRank() error {
	c, err := World()
	if err != nil {
		return err
	}
	r, p := c.Rank(), c.Size()
	small, large := make([]float32, 3), make([]float64, 100_003)
	for i := range small {
		small[i] = float32(i + r)
	}
	for i := range large {
		large[i] = float64(i * r)
	}
	many := func(n, r int) []byte { return bytes.Repeat([]byte{byte('a' + r)}, max(0, n+(r-1)*n/2)) } // n/2, n, 3n/2, …
	text := []byte("????")
	if r == 0 {
		text = []byte("zero")
	}
	err = errors.Join(c.Sum32(small), c.Sum64(large), c.Broadcast(text), c.Barrier())
	if err != nil {
		return err
	}
	for _, n := range []int{0, 4, first, first + 2, 1000} { // with their lengths, or behind them
		all, e := c.Gather(many(n, r))
		for k := range all {
			if !bytes.Equal(all[k], many(n, k)) {
				e = fmt.Errorf("rank %d: of rank %d came %q", r, k, all[k])
			}
		}
		err = errors.Join(err, e)
	}
	others := p * (p - 1) / 2 // Σ r
	for i, v := range small {
		if v != float32(p*i+others) {
			err = fmt.Errorf("rank %d: sum %d is %v", r, i, v)
		}
	}
	for i, v := range large {
		if v != float64(i*others) {
			err = fmt.Errorf("rank %d: sum %d is %v", r, i, v)
		}
	}
	if string(text) != "zero" {
		err = fmt.Errorf("rank %d: rank 0 sent %q", r, text)
	}
	if err = errors.Join(err, panics()); err != nil {
		return err
	}
	fmt.Printf("well: %v\n", c)
	return c.Close()
}

// panics returns an error unless what Go makes of a nil pointer still comes to recover: the
// library must not have taken the signal.
func panics() (err error) {
	defer func() {
		if recover() == nil {
			err = errors.New("no panic")
		}
	}()
	var c *Comm
	_ = c.size
	return nil
}

// Ranks under the launchers that are installed, by shared memory and by TCP.
func TestRanks(t *testing.T) {
	long.Test(t)
	alone(t)
	tried := 0
	for name, command := range map[string]string{
		"Open MPI":          "mpirun.openmpi --allow-run-as-root --oversubscribe",
		"Open MPI over TCP": "mpirun.openmpi --allow-run-as-root --oversubscribe --mca btl tcp,self",
		"MPICH":             "mpirun.mpich",
	} {
		f := strings.Fields(command)
		if _, err := exec.LookPath(f[0]); err != nil {
			continue
		}
		tried++
		for _, p := range []string{"1", "3"} {
			t.Run(name+" "+p, func(t *testing.T) {
				cmd := exec.Command(f[0], append(f[1:], "-n", p, os.Args[0])...)
				cmd.Env = append(os.Environ(), asRank+"=1")
				out, err := cmd.CombinedOutput()
				require.NoError(t, err, string(out))
				require.Len(t, strings.Split(strings.TrimSpace(string(out)), "\n"), int(p[0]-'0'), string(out))
				require.Contains(t, string(out), "well: rank 0 of "+p+", ", string(out))
			})
		}
	}
	if tried == 0 {
		t.Skip("no mpirun.openmpi and no mpirun.mpich: Debian's openmpi-bin and mpich have them")
	}
	if _, err := exec.LookPath("mpirun.mpich"); err == nil && tried > 1 {
		cmd := exec.Command("mpirun.mpich", "-n", "2", os.Args[0])
		cmd.Env = append(os.Environ(), asRank+"=1", variable+"=libmpi.so.40")
		out, err := cmd.CombinedOutput()
		require.Error(t, err, string(out))
		require.Contains(t, string(out), "the library is not that of the launcher; set SPIKEGRAD_MPI to the one that is")
	}
}
