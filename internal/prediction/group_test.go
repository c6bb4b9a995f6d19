package prediction

import (
	"fmt"
	"sync"
	"testing"
)

type named string

func (n named) key() string { return string(n) }

// crowd lets one writer wait while the names come, and returns the batches they went in.
func crowd(t *testing.T, names []string, write func([]named)) (batches [][]named) {
	t.Helper()
	var g group[named]
	var mu sync.Mutex
	var callers sync.WaitGroup
	entered, release := make(chan struct{}), make(chan struct{})
	callers.Go(func() {
		g.do("first", func([]named) {
			close(entered)
			<-release
		})
	})
	<-entered
	for i, name := range names {
		callers.Go(func() {
			defer func() { _ = recover() }()
			batch := g.do(named(name), func(all []named) {
				mu.Lock()
				batches = append(batches, all)
				mu.Unlock()
				write(all)
			})
			if len(batch) > 0 && string(batch[0]) != name {
				t.Errorf("%s wrote %v", name, batch)
			}
		})
		for { // until it waits
			g.mu.Lock()
			n := len(g.waiting)
			g.mu.Unlock()
			if n == i+1 {
				break
			}
		}
	}
	close(release)
	callers.Wait()
	if g.busy || len(g.waiting) > 0 {
		t.Error("somebody waits")
	}
	return batches
}

func TestGroupWritesTogether(t *testing.T) {
	t.Parallel()
	var names []string
	for i := range maxTogether + 10 {
		names = append(names, fmt.Sprint(i))
	}
	batches := crowd(t, names, func([]named) {})
	if len(batches) != 2 || len(batches[0]) != maxTogether || len(batches[1]) != 10 {
		t.Errorf("batches %v", batches)
	}
}

// TestGroupPartsTheSame: what is about one prediction is written one after the other.
func TestGroupPartsTheSame(t *testing.T) {
	t.Parallel()
	batches := crowd(t, []string{"a", "a", "b", "a"}, func([]named) {})
	if got := fmt.Sprint(batches); got != "[[a b] [a] [a]]" {
		t.Errorf("batches %s", got)
	}
}

// TestGroupOutlivesAPanic: whoever waits is told, and the next batch is written.
func TestGroupOutlivesAPanic(t *testing.T) {
	t.Parallel()
	first := true
	batches := crowd(t, []string{"a", "b", "a"}, func([]named) {
		if first {
			first = false
			panic("out of cheese")
		}
	})
	if got := fmt.Sprint(batches); got != "[[a b] [a]]" {
		t.Errorf("batches %s", got)
	}
}
