// Package metric says how well a network does, beside the loss that it learns by: accuracy,
// top-k, F1, a table of what is taken for what, mean errors, or a [Metric] of one's own.
//
//	train.Network{Net: net, Metrics: []metric.Metric{metric.Accuracy{}, metric.TopK{K: 5}}, …}
//
// A metric is computed from sums over the samples, so that it does not depend on how they were
// put into batches. Each has a column of its own in logs and reports.
package metric
