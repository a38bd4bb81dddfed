package gemm

import (
"os"
"strconv"

	"runtime"
	"sync"
	"sync/atomic"
)

const (
	threadWork = 1 << 20 // multiplications that are worth a goroutine
	partArea   = 1 << 18 // elements of C that are worth packing A and B again for
)

var jobs32, jobs64 sync.Pool

// A job is a product in progress: C in parts, which goroutines take one after
// the other. An element of C is the same sum in the same order whatever part and
// whatever tile it falls into, so the number of threads changes no bit of it.
type job[T float] struct {
	product[T]
	*kernels[T]
	direct        bool
	rows, cols    int // of a part
	across, parts int // parts side by side, in all

	next    atomic.Int64 // the part to take
	threads atomic.Int64 // that have begun
	wait    sync.WaitGroup
	work    func()   // runs the job; kept, as making it allocates
	blocks  [][2][]T // packed blocks of A and B, of each thread
}

// multiply computes p.
func multiply[T float](kn *kernels[T], jobs *sync.Pool, p product[T]) {
	p.check()
	if p.m == 0 || p.n == 0 {
		return
	}
	if p.k == 0 {
		for i := 0; i < p.m && !p.add; i++ {
			clear(p.c[i*p.ldc:][:p.n])
		}
		return
	}
	j, _ := jobs.Get().(*job[T])
	if j == nil {
		j = new(job[T])
		j.work = func() { j.run(); j.wait.Done() }
	}
	j.product, j.kernels = p, kn
	j.direct = !j.transB && j.m <= dm
	j.next.Store(0)
	j.threads.Store(0)
	threads := j.split()
	if len(j.blocks) < threads {
		j.blocks = append(j.blocks, make([][2][]T, threads-len(j.blocks))...)
	}
	j.wait.Add(threads - 1)
	for range threads - 1 {
		go j.work()
	}
	j.run()
	j.wait.Wait()
	j.product = product[T]{} // a pool must not keep the caller's memory
	jobs.Put(j)
}

// split divides C into parts and returns how many threads to use.
func (j *job[T]) split() (threads int) {
	j.rows, j.cols, j.across, j.parts = j.m, j.n, 1, 1
	threads = j.m * j.n * j.k / threadWork
	if threads > 1 {
		threads = min(threads, runtime.GOMAXPROCS(0))
	}
	if threads <= 1 {
		return 1
	}
	// More parts than threads even out what else the computer does. Of all grids
	// of so many parts, take that which packs least: each row of parts packs B,
	// and each column A.
	want := min(max(threads, j.m*j.n/partArea), 4*threads)
	tm, tn := ceil(j.m, j.mr), ceil(j.n, j.nr)
	least := -1
	for pn := 1; pn <= min(want, tn); pn++ {
		pm := min(ceil(want, pn), tm)
		if cost := j.m*pn + j.n*pm; least < 0 || cost < least {
			least, j.rows, j.cols = cost, ceil(tm, pm)*j.mr, ceil(tn, pn)*j.nr
		}
	}
	j.across = ceil(j.n, j.cols)
	j.parts = j.across * ceil(j.m, j.rows)
	return min(threads, j.parts)
}

// run computes parts until none is left.
func (j *job[T]) run() {
	blocks := &j.blocks[j.threads.Add(1)-1]
	for {
		i := int(j.next.Add(1) - 1)
		if i >= j.parts {
			return
		}
		row, col := i/j.across*j.rows, i%j.across*j.cols
		j.part(blocks, row, min(row+j.rows, j.m), col, min(col+j.cols, j.n))
	}
}

// part computes rows i0 to i1, columns j0 to j1 of C.
func (j *job[T]) part(blocks *[2][]T, i0, i1, j0, j1 int) {
	mc, nc, kc := j.mc, even(j1-j0, j.nc, j.nr), even(j.k, j.kc, 8)
	if j.direct {
		kc = even(j.k, dk, 8)
	}
	for jc := j0; jc < j1; jc += nc {
		nc := min(nc, j1-jc)
		for pc := 0; pc < j.k; pc += kc {
			kc := min(kc, j.k-pc)
			b := j.packB(&blocks[1], jc, nc, pc, kc, i1-i0)
			for ic := i0; ic < i1; ic += mc {
				mc := min(mc, i1-ic)
				a := j.packA(&blocks[0], ic, mc, pc, kc, nc)
				j.block(a, b, mc, nc, kc, j.c[ic*j.ldc+jc:], j.add || pc > 0)
			}
		}
	}
}

// block computes one product of a block of A and a block of B.
func (j *job[T]) block(a, b panels[T], m, n, k int, c []T, add bool) {
	for jr := 0; jr < n; jr += j.nr {
		for ir := 0; ir < m; ir += j.mr {
			j.gemm(k, a.data[ir/j.mr*a.panel:], a.in, a.along, b.data[jr/j.nr*b.panel:], b.along,
				c[ir*j.ldc+jr:], j.ldc, min(j.mr, m-ir), min(j.nr, n-jr), add)
		}
	}
}

// even returns by how much to step so that n is covered in even steps of at most
// most, which are multiples of unit.
func even(n, most, unit int) int {
	return min(most, ceil(ceil(n, ceil(n, most)), unit)*unit)
}

func ceil(a, b int) int { return (a + b - 1) / b }

var dm, dk = envInt("DM"), envInt("DK")

func envInt(s string) int { n, _ := strconv.Atoi(os.Getenv(s)); return n }
