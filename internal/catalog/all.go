package catalog

import (
	"cmp"
	"slices"
)

// All returns every model of the snapshot, closed and private ones included, for
// operators. The models must not be changed.
func (s *Snapshot) All() []*Model {
	all := make([]*Model, 0, len(s.exact))
	seen := make(map[*Model]bool, len(s.exact))
	for _, m := range s.exact {
		if !seen[m] {
			seen[m] = true
			all = append(all, m)
		}
	}
	slices.SortFunc(all, func(a, b *Model) int { return cmp.Compare(a.Slug, b.Slug) })
	return all
}

// Any finds a model by any of its names, whoever may see it. The error is
// MODEL_NOT_FOUND.
func (c *Catalog) Any(name string) (*Model, error) {
	if m := c.current.Load().lookup(name); m != nil {
		return m, nil
	}
	return nil, notFound(name)
}
