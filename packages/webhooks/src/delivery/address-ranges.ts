/** One range that no delivery may reach: its name, its CIDR notation and where it is defined. */
export interface ForbiddenRange {
  readonly name: string;
  readonly cidr: string;
  readonly source: string;
}

/**
 * The IANA IPv4 Special-Purpose Address Registry, multicast (RFC 5771), and one public address that is not public:
 * Azure answers its platform's channel to the guest there. The narrower range stands before the wider one.
 */
export const forbiddenIpv4Ranges: readonly ForbiddenRange[] = [
  { name: 'this_network', cidr: '0.0.0.0/8', source: 'RFC 791 section 3.2' },
  { name: 'private_use', cidr: '10.0.0.0/8', source: 'RFC 1918' },
  { name: 'carrier_grade_nat', cidr: '100.64.0.0/10', source: 'RFC 6598' },
  { name: 'loopback', cidr: '127.0.0.0/8', source: 'RFC 1122 section 3.2.1.3' },
  { name: 'cloud_platform', cidr: '168.63.129.16/32', source: 'Azure virtual public address' },
  { name: 'link_local', cidr: '169.254.0.0/16', source: 'RFC 3927' },
  { name: 'private_use', cidr: '172.16.0.0/12', source: 'RFC 1918' },
  { name: 'protocol_assignments', cidr: '192.0.0.0/24', source: 'RFC 6890 section 2.1' },
  { name: 'documentation', cidr: '192.0.2.0/24', source: 'RFC 5737' },
  { name: 'as112', cidr: '192.31.196.0/24', source: 'RFC 7535' },
  { name: 'amt', cidr: '192.52.193.0/24', source: 'RFC 7450' },
  { name: '6to4_relay', cidr: '192.88.99.0/24', source: 'RFC 7526' },
  { name: 'private_use', cidr: '192.168.0.0/16', source: 'RFC 1918' },
  { name: 'as112', cidr: '192.175.48.0/24', source: 'RFC 7534' },
  { name: 'benchmarking', cidr: '198.18.0.0/15', source: 'RFC 2544' },
  { name: 'documentation', cidr: '198.51.100.0/24', source: 'RFC 5737' },
  { name: 'documentation', cidr: '203.0.113.0/24', source: 'RFC 5737' },
  { name: 'multicast', cidr: '224.0.0.0/4', source: 'RFC 5771' },
  { name: 'broadcast', cidr: '255.255.255.255/32', source: 'RFC 8190' },
  { name: 'reserved', cidr: '240.0.0.0/4', source: 'RFC 1112 section 4' },
];

/**
 * The IANA IPv6 Special-Purpose Address Registry and what surrounds it. An address outside 2000::/3 is refused even
 * when no range names it, so the ranges there only give a better name.
 */
export const forbiddenIpv6Ranges: readonly ForbiddenRange[] = [
  { name: 'unspecified', cidr: '::/128', source: 'RFC 4291' },
  { name: 'loopback', cidr: '::1/128', source: 'RFC 4291' },
  { name: 'ipv4_mapped', cidr: '::ffff:0:0/96', source: 'RFC 4291' },
  { name: 'ipv4_translated', cidr: '::ffff:0:0:0/96', source: 'RFC 2765' },
  { name: 'ipv4_compatible', cidr: '::/96', source: 'RFC 4291 section 2.5.5.1' },
  { name: 'nat64', cidr: '64:ff9b::/96', source: 'RFC 6052' },
  { name: 'nat64', cidr: '64:ff9b:1::/48', source: 'RFC 8215' },
  { name: 'discard_only', cidr: '100::/64', source: 'RFC 6666' },
  { name: 'dummy', cidr: '100:0:0:1::/64', source: 'RFC 9780' },
  { name: 'teredo', cidr: '2001::/32', source: 'RFC 4380' },
  { name: 'benchmarking', cidr: '2001:2::/48', source: 'RFC 5180' },
  { name: 'amt', cidr: '2001:3::/32', source: 'RFC 7450' },
  { name: 'as112', cidr: '2001:4:112::/48', source: 'RFC 7535' },
  { name: 'orchid', cidr: '2001:10::/28', source: 'RFC 4843' },
  { name: 'orchid', cidr: '2001:20::/28', source: 'RFC 7343' },
  { name: 'drone_remote_id', cidr: '2001:30::/28', source: 'RFC 9374' },
  { name: 'protocol_assignments', cidr: '2001::/23', source: 'RFC 2928' },
  { name: 'documentation', cidr: '2001:db8::/32', source: 'RFC 3849' },
  { name: '6to4', cidr: '2002::/16', source: 'RFC 3056' },
  { name: 'as112', cidr: '2620:4f:8000::/48', source: 'RFC 7534' },
  { name: 'documentation', cidr: '3fff::/20', source: 'RFC 9637' },
  { name: 'segment_routing', cidr: '5f00::/16', source: 'RFC 9602' },
  { name: 'unique_local', cidr: 'fc00::/7', source: 'RFC 4193' },
  { name: 'link_local', cidr: 'fe80::/10', source: 'RFC 4291' },
  { name: 'site_local', cidr: 'fec0::/10', source: 'RFC 3879' },
  { name: 'multicast', cidr: 'ff00::/8', source: 'RFC 4291' },
];

/** The only part of the IPv6 space that is assigned for global unicast (RFC 4291 section 2.4). */
export const globalUnicastIpv6Cidr = '2000::/3';
