package telemetry

// Value is the sum over the series of a counter or gauge, by its name; 0 where there is
// none of that name.
func (m *Metrics) Value(name string) (sum float64) {
	families, err := m.registry.Gather()
	if err != nil {
		return 0
	}
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, one := range f.GetMetric() {
			sum += one.GetCounter().GetValue() + one.GetGauge().GetValue()
		}
	}
	return sum
}
