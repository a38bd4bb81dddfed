package laws

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/internal/long"
)

const (
	root   = "../.."
	module = "github.com/spikegrad/spikegrad/"
)

// A room is a package of the module: its path in the module, and all that it needs.
type room struct {
	path string
	uses []string // packages of the module, however far away
	far  []string // packages of others
}

// rooms asks go list what is imported, tests apart.
func rooms(t *testing.T) map[string]*room {
	cmd := exec.Command("go", "list", "-f", "{{.ImportPath}} {{join .Deps \" \"}}", "./...")
	cmd.Dir = root
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	require.NoError(t, err)
	all := map[string]*room{}
	for _, line := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		f := strings.Fields(line)
		r := &room{path: strings.TrimPrefix(f[0], module)}
		for _, dep := range f[1:] {
			if strings.HasPrefix(dep, module) {
				r.uses = append(r.uses, strings.TrimPrefix(dep, module))
			} else if strings.Contains(strings.Split(dep, "/")[0], ".") {
				r.far = append(r.far, dep)
			}
		}
		all[r.path] = r
	}
	return all
}

// floors are the public packages from the ground up, and the internal ones that serve
// those above them: one needs none of its own floor or of those above. The packages that
// only tests and commands use are not here.
var floors = [][]string{
	{"graph", "mpi"},
	{"connect", "internal/fields", "machine", "optim", "readout", "surrogate"},
	{"cost", "diagnose", "internal/owner", "internal/steps", "logic", "loss", "metric", "neurons/models"},
	{"neurons/wrap"},
	{"neurons"},
	{"data", "data/download", "internal/weights", "layers", "neurons/presets", "plasticity", "plot"},
	{"blueprint", "data/augment", "data/events", "encode", "exact"},
	{"data/recordings", "data/sound", "export/c", "internal/feed", "internal/vitals", "nir"},
	{"internal/score", "internal/segments", "internal/tally", "internal/team"},
	{"online"},
	{"train"},
	{"model", "train/findrate", "train/runlog"},
}

// A package needs those below it alone.
func TestFloors(t *testing.T) {
	all := rooms(t)
	floor := map[string]int{}
	for i, ps := range floors {
		for _, p := range ps {
			require.Contains(t, all, p)
			floor[p] = i
		}
	}
	for p, i := range floor {
		for _, used := range all[p].uses {
			if j, public := floor[used]; public {
				require.Less(t, j, i, "%s needs %s", p, used)
			}
		}
	}
}

// forCommands are the internal packages that are commands, or help tests: they may need
// anything, and nothing needs them.
var forCommands = []string{
	"internal/hostile", "internal/laws", "internal/mutate", "internal/randnet", "internal/randstep", "internal/readme", "internal/soak", "internal/sweep",
}

// What is internal and on no floor needs nothing public, so that every public package
// can use it.
func TestInternal(t *testing.T) {
	onFloor := slices.Concat(floors...)
	for p, r := range rooms(t) {
		for _, used := range r.uses {
			if strings.HasPrefix(p, "internal/") && !slices.Contains(forCommands, p) && !slices.Contains(onFloor, p) {
				require.True(t, strings.HasPrefix(used, "internal/"), "%s needs %s", p, used)
			}
			if !slices.Contains(forCommands, p) && !strings.Contains(p, "examples/") {
				require.NotContains(t, forCommands, used, "%s needs %s", p, used)
			}
		}
	}
}

// What loads libraries makes a program depend on the system's: mpi alone does, the library
// needs no mpi, and of the examples those that run as several processes.
func TestLoadsNothing(t *testing.T) {
	parallel := []string{"mpi", "examples/internal/together", "examples/mnist", "examples/scaling", "examples/sweep", "examples/yinyang"}
	for p, r := range rooms(t) {
		if !slices.Contains(parallel, p) {
			require.NotContains(t, r.uses, "mpi", p)
			require.NotContains(t, r.far, "github.com/ebitengine/purego", p)
		}
	}
}

// The walls of the compiler: a program is data, what runs it knows no graph, and what
// makes it knows no way to run it.
func TestCompiler(t *testing.T) {
	all := rooms(t)
	ir := all["internal/ir"]
	require.Empty(t, ir.uses, "internal/ir needs the standard library alone")
	require.Empty(t, ir.far, "internal/ir needs the standard library alone")
	for _, p := range []string{"internal/exec", "internal/jit", "internal/vec", "internal/gemm", "internal/sparse", "internal/conv", "internal/delays", "internal/par", "internal/cpu"} {
		require.Contains(t, all, p)
		for _, far := range all[p].far {
			require.False(t, strings.HasPrefix(far, "gorgonia.org/"), "%s needs %s", p, far)
		}
	}
	require.NotContains(t, all["internal/exec"].uses, "internal/lower")
	require.NotContains(t, all["internal/lower"].uses, "internal/exec")
	require.NotContains(t, all["internal/jit"].uses, "internal/ir")
}

// A room is read in some sittings, and a function in one look.
func TestSizes(t *testing.T) {
	const most, longest = 6000, 80
	limits := map[string]int{"graph": 5000}
	lines := map[string]int{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && path != root || d.Name() == "testdata" || d.Name() == "examples" || d.Name() == "docs") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		files := token.NewFileSet()
		f, err := parser.ParseFile(files, path, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		if ast.IsGenerated(f) {
			return nil
		}
		folder, _ := filepath.Rel(root, filepath.Dir(path))
		lines[filepath.ToSlash(folder)] += strings.Count(string(text), "\n")
		for _, decl := range f.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok {
				n := files.Position(fn.End()).Line - files.Position(fn.Pos()).Line + 1
				require.LessOrEqual(t, n, longest, "%s: %s", path, fn.Name.Name)
			}
		}
		return nil
	})
	require.NoError(t, err)
	for p, n := range lines {
		limit, ok := limits[p]
		if !ok {
			limit = most
		}
		require.LessOrEqual(t, n, limit, "lines of %s", p)
	}
	require.NotZero(t, lines["graph"])
}

// What a package offers is seen on two screens of 55 lines.
func TestTwoScreens(t *testing.T) {
	long.Test(t) // asks go doc for each
	const most = 110
	seen := 0
	for p := range rooms(t) {
		first, _, _ := strings.Cut(p, "/")
		if p == strings.TrimSuffix(module, "/") || first == "internal" || first == "examples" || first == "docs" || first == "cmd" || strings.Contains(p, "/internal/") {
			continue
		}
		out, err := exec.Command("go", "doc", module+p).CombinedOutput()
		require.NoError(t, err, "%s", out)
		require.LessOrEqual(t, strings.Count(string(out), "\n"), most, "lines of go doc of %s", p)
		seen++
	}
	require.Greater(t, seen, 30)
}
